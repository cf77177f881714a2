import KafkaClient

/// Why a worker cannot be a member of its group, as its coordinator says, and what to do.
struct JoinFault: Sendable, Hashable, CustomStringConvertible {
  /// Whether it cannot pass before somebody changes a setting or a right: then a worker that was no member yet ends.
  let isLasting: Bool
  let description: String

  /// What the coordinator says, for the log to be short.
  let code: KafkaError.Code

  /// Nil for an error that says nothing about joining.
  ///
  /// - Parameters:
  ///   - group: the application id.
  ///   - timeouts: the effective ones.
  init?(_ error: KafkaError, group: String, timeouts: WorkerTimeouts) {
    guard let (isLasting, cure) = Self.table[error.code] else { return nil }
    self.isLasting = isLasting
    code = error.code
    let words = cure.replacing("GROUP", with: group).replacing("SESSION", with: "\(timeouts.session)")
    description = "Expected to join the group \(group), but \(error.detail) (\(error.code.name)). \(words)"
  }

  /// The codes that coordinators answer to FindCoordinator, JoinGroup and SyncGroup and that a client's own retries do
  /// not cure (KIP-345, KIP-559, GroupCoordinator of Kafka 3.7).
  private static let table: [KafkaError.Code: (isLasting: Bool, cure: String)] = [
    .invalidSessionTimeout: (
      true,
      "Set --session-timeout, which is SESSION, within the broker's group.min.session.timeout.ms and "
        + "group.max.session.timeout.ms: 6 s to 30 min unless they were changed."
    ),
    .groupAuthorizationFailed: (
      true,
      "Give the user the right Read on the group: kafka-acls.sh --bootstrap-server … --add --allow-principal User:… "
        + "--operation Read --group GROUP."
    ),
    .invalidGroupID: (true, "Choose another --application-id: it names the group."),
    .inconsistentGroupProtocol: (
      false,
      "The group's other members have another --assignment-strategy, or are no workers: stop all, then start all "
        + "with the same."
    ),
    .groupMaxSizeReached: (
      false, "End another member of the group, or raise the brokers' group.max.size."
    ),
  ]
}
