/// Which partitions a worker has, and how far each is on its way to being served, as a pure machine.
///
///     assigned ─▶ restoring ─▶ attaching ─▶ serving ─▶ removed
///                  ▲   └▶ refused │            │
///                  └──────────────┴────────────┘ discarded: restored anew, though still assigned
///
/// Each time that a partition begins to be restored is a **term**. News names its term, so that what comes late, of a
/// partition that has left and come back meanwhile, changes nothing.
///
/// A partition that is removed while it is restored or attached is let go of in two steps: the shell cancels its term, and
/// when that has stopped, ``ended(_:)`` says whether a lane has to let go of it. So nothing is attached behind a revoke.
///
/// Sources: KIP-429 for partitions that stay while others come and go.
public struct AssignmentMachine: Sendable {
  /// One time that a partition is restored and then served.
  public struct Term: Sendable, Hashable {
    /// The partition's number.
    public let partition: Int32
    fileprivate let number: Int
  }

  /// The order to restore a partition.
  public struct Start: Sendable, Hashable {
    /// What news of this restore names.
    public let term: Term
    /// The partition was served before under the same assignment, so that the client reads it: it is to be stopped first,
    /// and goes back.
    public let isAgain: Bool
  }

  /// What it takes to let partitions go.
  public struct Removal: Sendable, Hashable {
    /// Terms to cancel. When one has stopped, ``AssignmentMachine/ended(_:)`` says whose its partition is.
    public var cancelled: [Term] = []
    /// By lane, the partitions that it serves.
    public var served: [Int: [Int32]] = [:]
  }

  /// What becomes of a partition that was attached to its lane.
  public enum Attached: Sendable, Hashable {
    case serving
    /// It was removed meanwhile: who removed it waits for the term's end.
    case leaving
    /// The lane has given it up already.
    case restoresAgain(Start)
  }

  /// What follows from a restore that failed.
  public enum Failed: Sendable, Hashable {
    /// Nobody waits for it any more.
    case notWanted
    /// It is tried again.
    ///
    /// - Parameters:
    ///   - failures: so many in a row.
    ///   - pause: to be kept before.
    ///   - restartsClient: only a new client reads the partition again.
    case again(failures: Int, pause: Duration, restartsClient: Bool)
  }

  private enum Status {
    case restoring(failures: Int)
    case attaching(lane: Int, isDiscarded: Bool)
    case serving(lane: Int)
    case refused
  }

  private struct Assignment {
    let term: Term
    var status: Status
  }

  private let lanes: Int
  private let needsAll: Bool
  private let backoff: Backoff
  private var assignments: [Int32: Assignment] = [:]
  /// Of cancelled terms that have not stopped: the lane that each was attached to, where it was.
  private var leaving: [Term: Int] = [:]
  private var terms = 0

  /// - Parameters:
  ///   - lanes: how many there are, at least one.
  ///   - needsAll: whether one refused partition ends the worker, since it waits for all of them.
  ///   - backoff: the pauses between the tries of a restore.
  public init(lanes: Int, needsAll: Bool, backoff: Backoff) {
    self.lanes = lanes
    self.needsAll = needsAll
    self.backoff = backoff
  }

  /// The partitions that are assigned, in order.
  public var partitions: [Int32] { assignments.keys.sorted() }

  /// The lane that serves a partition now; nil while none does.
  public func lane(serving partition: Int32) -> Int? {
    guard case .serving(let lane)? = assignments[partition]?.status else { return nil }
    return lane
  }

  /// The term in which a partition is served now; nil while it is not.
  public func term(serving partition: Int32) -> Term? {
    lane(serving: partition) == nil ? nil : assignments[partition]?.term
  }

  /// Each partition's part of what all of them share, such as the bytes of memory for objects.
  public func share(of whole: Int) -> Int { whole / max(assignments.count, 1) }

  // MARK: Partitions come and go

  /// Partitions were assigned. What is assigned already stays as it is.
  ///
  /// - Parameter isAgain: they were kept while the membership was interrupted, and let go of since.
  public mutating func assigned(_ partitions: [Int32], isAgain: Bool = false) -> [Start] {
    partitions.filter { assignments[$0] == nil }.map { start($0, isAgain: isAgain) }
  }

  /// Partitions were taken away, in order or not. Those that are not assigned are left out.
  public mutating func removed(_ partitions: [Int32]) -> Removal {
    var removal = Removal()
    for partition in partitions {
      guard let assignment = assignments.removeValue(forKey: partition) else { continue }
      switch assignment.status {
      case .restoring: removal.cancelled.append(assignment.term)
      case .attaching(let lane, _):
        removal.cancelled.append(assignment.term)
        leaving[assignment.term] = lane
      case .serving(let lane): removal.served[lane, default: []].append(partition)
      case .refused: break
      }
    }
    return removal
  }

  /// A cancelled term has stopped.
  ///
  /// - Returns: the lane that it has been attached to, which is to let go of it; nil: none.
  public mutating func ended(_ term: Term) -> Int? { leaving.removeValue(forKey: term) }

  // MARK: Restoring

  /// A partition's state is there.
  ///
  /// - Returns: the lane to attach it to; nil when it was removed meanwhile.
  public mutating func restored(_ term: Term) -> Int? {
    guard case .restoring? = status(of: term) else { return nil }
    let lane = Self.lane(of: term.partition, loads: loads, partitions: assignments.count)
    assignments[term.partition]?.status = .attaching(lane: lane, isDiscarded: false)
    return lane
  }

  /// The lane has what ``restored(_:)`` promised it.
  public mutating func attached(_ term: Term) -> Attached {
    guard case .attaching(let lane, let isDiscarded)? = status(of: term) else { return .leaving }
    if isDiscarded { return .restoresAgain(start(term.partition, isAgain: true)) }
    assignments[term.partition]?.status = .serving(lane: lane)
    return .serving
  }

  /// A restore failed, for a reason that may pass.
  ///
  /// - Parameter isClientStuck: the client refuses to read the partition. One that has found a position outside of the topic
  ///   never reads that partition again (librdkafka 2.0.2: a seek is refused in the state FETCH_NONE).
  public mutating func failed(_ term: Term, isClientStuck: Bool) -> Failed {
    guard case .restoring(let before)? = status(of: term) else { return .notWanted }
    assignments[term.partition]?.status = .restoring(failures: before + 1)
    return .again(
      failures: before + 1, pause: backoff.pause(after: before + 1),
      restartsClient: isClientStuck && before + 1 >= Self.refusedSeeksMax)
  }

  /// A restore found that the partition must not be served.
  ///
  /// - Returns: whether that ends the worker: it needs all partitions, none is left that can be served, or no partition
  ///   may go on, since keys move with another number of partitions. Nil when the partition was removed meanwhile.
  public mutating func refused(_ term: Term, _ fault: RestoreFault) -> Bool? {
    guard status(of: term) != nil else { return nil }
    assignments[term.partition]?.status = .refused
    let isNoneHopeful = assignments.values.allSatisfy { assignment in
      if case .refused = assignment.status { true } else { false }
    }
    let concernsAll = if case .partitionCountChanged = fault { true } else { false }
    return needsAll || isNoneHopeful || concernsAll
  }

  // MARK: Serving

  /// A lane gave up what it had of a partition, though it is still assigned.
  ///
  /// - Returns: the order to restore it anew; nil for late news, and when that waits until it is attached.
  public mutating func discarded(_ term: Term) -> Start? {
    switch status(of: term) {
    case .serving: return start(term.partition, isAgain: true)
    case .attaching(let lane, _):
      assignments[term.partition]?.status = .attaching(lane: lane, isDiscarded: true)
      return nil
    case .restoring, .refused, nil: return nil
    }
  }

  // MARK: Parts

  private mutating func start(_ partition: Int32, isAgain: Bool) -> Start {
    terms += 1
    let term = Term(partition: partition, number: terms)
    assignments[partition] = Assignment(term: term, status: .restoring(failures: 0))
    return Start(term: term, isAgain: isAgain)
  }

  /// How far a term is; nil when it is not the partition's present one.
  private func status(of term: Term) -> Status? {
    assignments[term.partition].flatMap { $0.term == term ? $0.status : nil }
  }

  /// The partitions that each lane has, or is about to have.
  private var loads: [Int] {
    var loads = Array(repeating: 0, count: lanes)
    for assignment in assignments.values {
      switch assignment.status {
      case .attaching(let lane, _), .serving(let lane): loads[lane] += 1
      case .restoring, .refused: break
      }
    }
    return loads
  }

  /// The lane of a partition: the same one after a restart, so that the same transactional id goes on with it, unless that
  /// one has its share already; then the least loaded.
  ///
  /// - Parameters:
  ///   - loads: the partitions that each lane has; not empty.
  ///   - partitions: all that are assigned.
  package static func lane(of partition: Int32, loads: [Int], partitions: Int) -> Int {
    let home = Int(partition) % loads.count
    let share = (partitions + loads.count - 1) / loads.count
    return loads[home] < share ? home : loads.indices.min { loads[$0] < loads[$1] }!
  }

  private static let refusedSeeksMax = 3
}
