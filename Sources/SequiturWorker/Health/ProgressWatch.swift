import KafkaClient

/// Tells a worker that goes on from one that stands still, and why it does.
///
/// Progress is watched, not liveness: a client that looks alive and does nothing is the loudest complaint about its kind
/// (kurrent 3449, node-rdkafka 1146). A partition whose commands wait while its position stays the same for ``stallMax`` is in
/// trouble, for the first of these reasons that holds:
///
///     refused ─ fenced ─ group ─ store ─ output ─ input ─ decider ─ broker ─ transaction ─ paused ─ (standstill)
///
/// A struct without clock or I/O: facts and the time go in, health comes out.
struct ProgressWatch: Sendable {
  /// A position that stays for so long while commands wait stands still.
  static let stallMax = Duration.seconds(10)
  /// A decider that works for so long on one command is slow.
  static let decisionMax = Duration.seconds(5)
  /// A cluster that does not answer for so long is silent.
  static let silenceMax = Duration.seconds(10)
  /// Commands of a worker that is at work have an outcome within it.
  static let patience = Duration.seconds(2)
  /// Ends of one partition that are remembered; every second one is forgotten when there are more.
  static let marksMax = 256

  private struct Track {
    var position: Int64?
    /// When the position moved last, or no command waited.
    var movedAt: Duration
    var committedAt: Duration
    /// Ends of the commands with when they were seen first, ascending; all above the position.
    var marks: [(end: Int64, at: Duration)] = []
    var executing: Int64?
    var executingSince = Duration.zero
    var role: WorkerHealth.Role
    var roleSince: Duration
    var waitsSince: Duration?
    var inputRefusedSince: Duration?
  }

  private var tracks: [Int32: Track] = [:]
  private var since: [String: Duration] = [:]

  /// Looks once.
  ///
  /// - Parameters:
  ///   - facts: what is known.
  ///   - now: since any fixed moment; never less than at the look before.
  mutating func look(_ facts: WorkerFacts, at now: Duration) -> WorkerHealth {
    tracks = tracks.filter { facts.partitions[$0.key] != nil }
    var troubles = ofWorker(facts, at: now)
    var partitions: [WorkerHealth.Partition] = []
    let isWhole = troubles.contains { $0.partition == nil && $0.reason != .outputRefused }
    for (number, partition) in facts.partitions.sorted(by: { $0.key < $1.key }) {
      var track = follow(number, partition, at: now)
      if let trouble = trouble(of: number, partition, track, facts, at: now), !isWhole {
        troubles.append(trouble)
      }
      track.marks.removeAll { $0.end <= partition.position ?? 0 }
      tracks[number] = track
      partitions.append(shown(number, partition, track, at: now))
    }
    return WorkerHealth(troubles: troubles, partitions: partitions)
  }

  /// Whether a served partition's position has stood still since the last look, with something behind it: it is worth a
  /// look whether that is commands.
  func stands(_ number: Int32, _ partition: WorkerFacts.Partition, at now: Duration) -> Bool {
    guard partition.role == .serving, let track = tracks[number], let position = partition.position,
      let end = partition.end
    else { return false }
    let age = track.marks.first.map { now - $0.at } ?? .zero
    return track.position == position && end > position && age > Self.patience
  }

  // MARK: The whole worker

  private mutating func ofWorker(_ facts: WorkerFacts, at now: Duration) -> [WorkerHealth.Trouble] {
    var found: [(TroubleReason, String)] = []
    switch facts.phase {
    case .starting: found.append((.starting, "it opens its store and joins the group"))
    case .stopping: found.append((.stopping, "it was told to end"))
    case .fenced(let why): found.append((.fenced, why))
    case .startingAnew(let why): found.append((.starting, "it starts anew: \(why)"))
    case .running:
      if let fault = facts.groupFault {
        found.append((.groupRefused, fault))
      } else if facts.brokerSilence >= Self.silenceMax {
        found.append((.brokerSilent, facts.brokerFault ?? "no call was answered"))
      } else if !facts.isMember {
        found.append((.rebalancing, "the group is sharing its partitions out"))
      }
      if let fault = facts.storeFault { found.append((.storeUnwritable, fault)) }
      if let fault = facts.outputFault { found.append((.outputRefused, fault)) }
    }
    let names = Set(found.map(\.0.rawValue))
    since = since.filter { names.contains($0.key) }
    return found.map { reason, detail in
      let begin = since[reason.rawValue] ?? now
      since[reason.rawValue] = begin
      let extra = reason == .brokerSilent ? facts.brokerSilence.seconds : 0
      return WorkerHealth.Trouble(
        reason, detail: detail, seconds: max(extra, (now - begin).seconds))
    }
  }

  // MARK: A partition

  private func follow(_ number: Int32, _ partition: WorkerFacts.Partition, at now: Duration) -> Track {
    var track =
      tracks[number]
      ?? Track(
        position: partition.position, movedAt: now, committedAt: now, role: partition.role, roleSince: now)
    if track.position != partition.position || track.role != partition.role {
      track.position = partition.position
      track.movedAt = now
      track.committedAt = now
    }
    if track.role != partition.role {
      track.role = partition.role
      track.roleSince = now
    }
    // Without commands that wait there is nothing to make progress with.
    if let lag = lag(partition), lag <= 0 { track.movedAt = now }
    if let end = partition.end, end > track.marks.last?.end ?? partition.position ?? 0 {
      if track.marks.count >= Self.marksMax {
        track.marks = track.marks.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      }
      track.marks.append((end, now))
    }
    if track.executing != partition.executing {
      track.executing = partition.executing
      track.executingSince = now
    }
    track.waitsSince = partition.waitsFor == nil ? nil : track.waitsSince ?? now
    track.inputRefusedSince = partition.inputFault == nil ? nil : track.inputRefusedSince ?? now
    return track
  }

  private func trouble(
    of number: Int32, _ partition: WorkerFacts.Partition, _ track: Track, _ facts: WorkerFacts,
    at now: Duration
  ) -> WorkerHealth.Trouble? {
    func trouble(_ reason: TroubleReason, _ detail: String, since: Duration) -> WorkerHealth.Trouble {
      WorkerHealth.Trouble(reason, partition: number, detail: detail, seconds: (now - since).seconds)
    }
    if partition.role != .refused, let fault = partition.inputFault, lag(partition) ?? 1 > 0 {
      return trouble(.inputRefused, fault, since: track.inputRefusedSince ?? now)
    }
    switch partition.role {
    case .refused:
      return trouble(.partitionRefused, partition.refusal ?? "", since: track.roleSince)
    case .restoring:
      if let what = partition.waitsFor, let begin = track.waitsSince, now - begin >= Self.stallMax {
        return trouble(
          .transactionHung, "the last owner left a transaction open, and \(what) waits for it", since: begin)
      }
      return trouble(.restoring, Self.progress(partition.restore), since: track.roleSince)
    case .serving: break
    }
    let executed = now - track.executingSince
    if let offset = partition.executing, executed >= Self.decisionMax {
      return trouble(
        .deciderSlow, "it works on the command at offset \(offset)", since: track.executingSince)
    }
    guard let position = partition.position, let end = partition.end, end > position,
      now - track.movedAt >= Self.stallMax
    else { return nil }
    let lane = partition.lane.flatMap { facts.lanes[$0] }
    if let stable = partition.stableEnd, stable <= position {
      return trouble(
        .transactionHung,
        "a sender left a transaction open on the commands at offset \(stable), \(end - stable) offsets before the end",
        since: track.movedAt)
    }
    if let lane, let seconds = lane.transactionSeconds, seconds >= Self.stallMax.seconds {
      let failure = lane.failure.map { ": \($0)" } ?? ""
      return WorkerHealth.Trouble(
        .transactionHung, partition: number,
        detail: "this worker's own transaction is at the step \(lane.step)\(failure)", seconds: seconds)
    }
    if lane?.isPaused == true {
      return trouble(.paused, lane?.failure ?? "its store cannot be read", since: track.movedAt)
    }
    return trouble(.standstill, "\(end - position) offsets wait behind \(position)", since: track.movedAt)
  }

  private func shown(
    _ number: Int32, _ partition: WorkerFacts.Partition, _ track: Track, at now: Duration
  ) -> WorkerHealth.Partition {
    var shown = WorkerHealth.Partition(number, partition.role)
    shown.position = partition.position
    // The end was asked for before the position was taken.
    shown.end = partition.end.map { max($0, partition.position ?? 0) }
    shown.restore = partition.restore
    shown.lane = partition.lane
    if let oldest = track.marks.first { shown.lagSeconds = (now - oldest.at).seconds }
    shown.commitAgeSeconds = (now - track.committedAt).seconds
    return shown
  }

  private func lag(_ partition: WorkerFacts.Partition) -> Int64? {
    guard let position = partition.position, let end = partition.end else { return nil }
    return end - position
  }

  private static func progress(_ progress: RestoreProgress?) -> String {
    guard let progress, progress.records > 0 else { return "nothing was read yet" }
    return "\(progress.records) records read, \(progress.remaining) offsets to go"
  }
}
