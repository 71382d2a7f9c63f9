"""From events to actions: triggers, rules, timers, webhooks and sensors."""
