"""What the readers of corpus formats share."""
