"""Only what a pack cannot say: stock, money, schedules. One package a domain; none is needed yet."""
