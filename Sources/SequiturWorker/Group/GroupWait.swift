import KafkaClient

/// How long a worker has waited for its group to give it an assignment, and what keeps the group.
///
/// A pure machine: it is told what happens and what time it is.
struct GroupWait {
  private var since: ContinuousClock.Instant?
  private var told: ContinuousClock.Instant?

  /// The worker joins, or joins again.
  mutating func begin(_ now: ContinuousClock.Instant) {
    since = now
    told = now
  }

  /// It was told what it owns, nothing included.
  mutating func end() { since = nil }

  /// How long it has waited, once every ``GroupLimits/waitReportInterval``; nil between, and when it does not wait.
  mutating func due(_ now: ContinuousClock.Instant) -> Duration? {
    guard let since, let told, now - told >= GroupLimits.waitReportInterval else { return nil }
    self.told = now
    return now - since
  }

  /// Why, as a sentence.
  ///
  /// - Parameters:
  ///   - group: what its coordinator says; nil when it knows no such group.
  ///   - memberID: this worker's; nil before it has one.
  ///   - sessionMax: how long a member that is gone keeps its place at most.
  static func reason(
    _ group: ConsumerGroup?, memberID: String?, waited: Duration, sessionMax: Duration
  ) -> String {
    guard let group, group.state != "Dead" else {
      return "no broker knows the group yet" + (waited > patience ? coordinatorHint : "")
    }
    let others = group.members.filter { $0.memberID != memberID }
    let names = others.map { "\($0.clientID) at \($0.host)" }.sorted().joined(separator: ", ")
    let isMember = others.count < group.members.count
    guard !others.isEmpty else {
      return "the group is \(group.state) and has no \(isMember ? "other " : "")member"
        + (!isMember && waited > patience ? coordinatorHint : "")
    }
    let hint = waited > sessionMax ? sessionHint : ""
    switch group.state {
    case "PreparingRebalance":
      return
        "the group waits until each of its members has joined again or its session has ended: \(names)\(hint)"
    case "CompletingRebalance":
      return "the group waits for the assignment that one of its members makes: \(names)\(hint)"
    default:
      return "the group is \(group.state) with \(names)"
        + (isMember ? "" : ", and has not taken this worker in yet\(hint)")
    }
  }

  /// The others are gone, and the coordinator does not notice.
  private static let sessionHint =
    ". No session lasts as long: a broker that ends none, such as the test broker, keeps a worker that was "
    + "killed for ever"

  /// A first member is taken in at once, when the coordinator has come up.
  private static let coordinatorHint =
    ". A group is kept by the broker that leads its partition of the topic __consumer_offsets: look whether that "
    + "topic is there, with a leader of each partition (a new one takes offsets.topic.replication.factor brokers)"

  /// How long a coordinator may take to come up and take a first member in, before that is worth a look.
  private static let patience = Duration.seconds(12)
}
