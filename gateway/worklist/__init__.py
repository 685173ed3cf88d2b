"""What waits for evidence staff: queues of clips, lists of what is owed, and decisions one by one."""
