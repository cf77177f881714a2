/// How the group's partitions are shared out over its workers (`partition.assignment.strategy`). All workers of a
/// group must have the same: members with others are refused by the coordinator.
public enum AssignmentStrategy: String, Sendable, Hashable, CaseIterable {
  /// Neighbouring partitions for each worker. Each rebalance stops all partitions of all workers for the time it
  /// takes; a partition that comes back to its worker is served again at once, since its store is there.
  case range
  /// Only the partitions that move are stopped, and as few as possible move. Two rebalances instead of one.
  ///
  /// Not the default, since librdkafka below 2.6.1 has faults in this assignor that a program cannot get around: see
  /// docs/rebalancing.md.
  case cooperativeSticky = "cooperative-sticky"
}
