"""The paper broker: the core's matching behind the Broker port, on an embedded market or on another broker's quotes."""
