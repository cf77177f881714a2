/// What a scenario can ask of a cluster, simulated or not: one producer, one log and one group member at a time.
///
/// Producers and members have names of the scenario's own. Every call ends when the cluster has answered; what takes
/// a cluster longer (markers, rebalances, expiry) is waited for with ``eventually(_:_:)``.
protocol Cluster: AnyObject {
  // MARK: Transactions

  /// Makes a producer and lets it take the transactional id over.
  /// - Parameter isImpatient: its transactions may take no longer than a few seconds.
  func startProducer(_ producer: String, id: String, isImpatient: Bool) -> Reply
  /// Writes records, `key=value` or a value alone, in the producer's transaction; begins one when there is none.
  func produce(_ records: [String], to log: Log, by producer: String) -> Reply
  /// Sends a consumed offset in the producer's transaction; begins one when there is none.
  ///
  /// - Parameter membership: whose, and of when; `nil` names the group alone.
  func sendOffset(
    _ offset: Int64, of partition: Int32, by producer: String, as membership: Membership?
  ) -> Reply
  func commit(_ producer: String) -> Reply
  func abort(_ producer: String) -> Reply

  // MARK: Logs

  /// The first offset, and the high watermark.
  func bounds(_ log: Log) throws -> (start: Int64, end: Int64)
  /// The last stable offset.
  func stableOffset(_ log: Log) throws -> Int64
  /// Reads to the end, as far as the isolation lets it.
  func read(_ log: Log, from offset: Int64, isCommittedOnly: Bool) throws -> Reading
  /// Deletes the records below an offset.
  func deleteRecords(of log: Log, before offset: Int64) throws
  /// Lets the log cleaner come by.
  func encourageCompaction(of log: Log) throws

  // MARK: The group

  /// The group's committed offset; `nil`: there is none.
  func position(of partition: Int32, isStable: Bool) throws -> Result<Int64?, Refusal>
  /// Makes a member, which joins by itself.
  func join(_ member: String, instance: String?, isCooperative: Bool) throws
  /// An orderly end.
  func stop(_ member: String) throws
  /// An end without a word to the group.
  func kill(_ member: String)
  /// What the member was assigned.
  func partitions(of member: String) -> Set<Int32>
  /// The sets of partitions that the member had to give up.
  func givenUp(by member: String) -> [Set<Int32>]
  /// The membership of this moment; `nil`: there is none.
  func membership(of member: String) throws -> Membership?

  // MARK: Time

  /// Waits until it is so; members go on meanwhile.
  /// - Returns: whether it is so, in the cluster's own time.
  func eventually(_ condition: () throws -> Bool) throws -> Bool
  /// Lets some time pass that is too short for any session to end.
  func goOn() throws
}

extension Cluster {
  /// Makes a producer that is given all the time it wants.
  func startProducer(_ producer: String, id: String) -> Reply {
    startProducer(producer, id: id, isImpatient: false)
  }

  /// Waits until it is so, or gives the scenario up.
  func waitFor(_ what: String, _ condition: () throws -> Bool) throws {
    guard try eventually(condition) else { throw NotSeen(what: what) }
  }

  /// Reads from the first offset.
  func read(_ log: Log, isCommittedOnly: Bool = true) throws -> Reading {
    try read(log, from: bounds(log).start, isCommittedOnly: isCommittedOnly)
  }

  /// Waits until no transaction is open in the log: markers come after a commit's answer.
  func awaitMarkers(_ logs: Log...) throws {
    try waitFor("the markers on \(logs)") { try logs.allSatisfy { try stableOffset($0) == bounds($0).end } }
  }
}

/// A partition of one of the two topics; the group consumes a third.
enum Log: Hashable, CustomStringConvertible {
  case plain(Int32)
  /// Of the topic with `cleanup.policy=compact`.
  case compacted(Int32)

  var description: String {
    switch self {
    case .plain(let partition): "plain/\(partition)"
    case .compacted(let partition): "compacted/\(partition)"
    }
  }

  /// Partitions of each topic, and of the group's.
  static let partitions: Int32 = 2
}

/// Which member, in which generation; the cluster keeps what it needs to send it.
struct Membership: Equatable {
  let number: Int
  let generation: Int
}

/// Why a cluster did not do what it was asked, in words that its implementations share.
enum Refusal: Error, Equatable, CustomStringConvertible {
  /// A newer producer has the id, or the coordinator gave the transaction up: librdkafka says the same of both.
  case fenced
  case illegalGeneration, unknownMember, fencedInstance
  /// A transaction holds offsets of the partition.
  case unstable
  case other(String)

  var description: String {
    switch self {
    case .fenced: "fenced"
    case .illegalGeneration: "illegal generation"
    case .unknownMember: "unknown member"
    case .fencedInstance: "fenced instance"
    case .unstable: "unstable"
    case .other(let text): text
    }
  }
}

/// What a cluster answered to a request that gives nothing back.
enum Reply: Equatable, CustomStringConvertible {
  case done
  case refused(Refusal)

  var description: String {
    switch self {
    case .done: "ok"
    case .refused(let refusal): "\(refusal)"
    }
  }
}

/// What a reader got, and where it stood at the end.
enum Reading: Equatable, CustomStringConvertible {
  case records([String], position: Int64)
  case outOfRange

  var description: String {
    switch self {
    case .records(let records, let position):
      (records.isEmpty ? "nothing" : records.joined(separator: " ")) + ", then at \(position)"
    case .outOfRange: "out of range"
    }
  }
}

/// Something that a scenario waited for did not come.
struct NotSeen: Error, CustomStringConvertible {
  let what: String
  var description: String { "Expected \(what), but it did not come" }
}
