"""What is shown as it changes, over WebSockets."""
