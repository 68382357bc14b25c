"""What we know afterwards: who has submitted, exports, reports, and how long we keep anything."""
