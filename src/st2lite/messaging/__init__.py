"""The event bus: typed messages (`messages`), the contract (`contract`) and the transports `memory` and `amqp`."""
