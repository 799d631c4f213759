"""The harness: tasks with exact gold, agents that err as told, and a bus that counts."""
