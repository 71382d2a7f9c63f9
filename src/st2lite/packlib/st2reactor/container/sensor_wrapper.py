"""`SensorService` under the name that it has in StackStorm."""

from st2lite_sensors.service import SensorService

__all__ = ["SensorService"]
