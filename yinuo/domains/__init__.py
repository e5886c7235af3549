"""What a pack cannot say: stock, money, schedules. One package for each; they do not know each other."""
