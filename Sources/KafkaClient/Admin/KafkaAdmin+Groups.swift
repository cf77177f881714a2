import CRdKafka

extension KafkaAdmin {
  /// A group's state and members, nil when no broker knows it. Blocks (`rd_kafka_list_groups`).
  ///
  /// Not `rd_kafka_DescribeConsumerGroups`: in librdkafka 2.0.2 a client that is destroyed after such a call failed
  /// ends the process by an assertion (`rd_kafka_enq_once_del_source_return`, seen).
  /// - Throws: the group's error, such as `groupAuthorizationFailed`; `timedOut`, `transport`,
  ///   `unsupportedFeature`.
  public func group(_ name: String, timeout: Duration) throws(KafkaError) -> ConsumerGroup? {
    let operation = "list a group's members"
    var list: UnsafePointer<rd_kafka_group_list>?
    let code = rd_kafka_list_groups(handle.raw, name, &list, timeout.kafkaMilliseconds)
    defer { if let list { rd_kafka_group_list_destroy(list) } }
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTIAL else {
      throw handle.explained(KafkaError(code, operation: operation))
    }
    guard let list = list?.pointee, list.group_cnt > 0, let group = list.groups?.pointee else { return nil }
    try check(group.err, operation)
    return ConsumerGroup(copying: group)
  }
}

/// What a coordinator told of a group. A copy; it does not change by itself.
public struct ConsumerGroup: Sendable, Hashable {
  /// A member of a group.
  public struct Member: Sendable, Hashable {
    /// The id the coordinator gave. A static member's begins with its `group.instance.id` and a hyphen, a dynamic
    /// one's with its `client.id` and a hyphen; a UUID follows (Kafka's GroupMetadata).
    public let memberID: String
    /// `client.id`.
    public let clientID: String
    /// Where it connects from, such as `/10.0.0.7`.
    public let host: String

    /// For a test of what reads it.
    public init(memberID: String, clientID: String, host: String) {
      self.memberID = memberID
      self.clientID = clientID
      self.host = host
    }
  }

  /// `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty` or `Dead`.
  public let state: String
  /// The assignor the members agreed on, such as `range`; empty without members.
  public let assignor: String
  /// The members, in the coordinator's order.
  public let members: [Member]

  /// For a test of what reads it.
  public init(state: String, assignor: String, members: [Member]) {
    self.state = state
    self.assignor = assignor
    self.members = members
  }

  init(copying group: rd_kafka_group_info) {
    func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
    state = text(group.state)
    assignor = text(group.protocol)
    members = (0..<Int(group.member_cnt)).compactMap { index in
      guard let member = group.members?[index] else { return nil }
      return Member(
        memberID: text(member.member_id), clientID: text(member.client_id), host: text(member.client_host))
    }
  }
}
