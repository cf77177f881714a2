import KafkaClient

/// The place in a consumer group that goes with an instance id (KIP-345).
///
/// Who has the place has the instance id's transactional ids: whoever takes the one takes the others. So a worker that lost
/// it must not make a producer again, which would fence its follower's.
struct StaticMember: Sendable {
  /// `group.instance.id`.
  let name: String

  /// Whether a member of the group has the place under another member id.
  ///
  /// - Parameters:
  ///   - group: what its coordinator says; nil when it knows no such group.
  ///   - memberID: what this worker was given when it took the place; nil when it has not.
  func isTaken(in group: ConsumerGroup?, fromHolderOf memberID: String? = nil) -> Bool {
    group?.members.contains { isPlace(of: $0.memberID) && $0.memberID != memberID } ?? false
  }

  /// Whether the coordinator gave this member id with the place: the name, a hyphen, a UUID.
  private func isPlace(of memberID: String) -> Bool {
    memberID.hasPrefix(name + "-") && memberID.utf8.count == name.utf8.count + 37
  }
}
