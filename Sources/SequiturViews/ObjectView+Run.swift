import BlockingThreads
import KafkaClient
import Logging
import SequiturFollower
import SequiturTopics

extension ObjectView {
  /// Fills the view and follows until it is stopped or cancelled. Call it once.
  ///
  /// A broker or a disk that fails is waited for, and the status says so.
  /// - Throws: ``ViewFault``; `FollowFailure` for what cannot be followed exactly; `TopicFault` for a topic that is not there;
  ///   `KafkaError` for a missing right.
  public func run() async throws {
    do {
      try await withTaskCancellationHandler {
        try await runUntilEnd()
      } onCancel: {
        stop()
      }
    } catch {
      running.withLock { $0.ended = (true, "\(error)") }
      core.end(error)
      throw error
    }
    running.withLock { $0.ended = (true, nil) }
    core.end(nil)
  }

  /// Ends ``run()`` without an error. From any thread.
  public func stop() {
    stopped.signal()
    running.withLock { $0.follower }?.stop()
  }

  private func runUntilEnd() async throws {
    var pause = ViewLimits.pauses.first
    while !stopped.isSignalled {
      let since = ContinuousClock.now
      do {
        try await follow()
        return
      } catch is ViewCore<Value>.Restart {
        continue
      } catch let failure as FollowFailure where failure.fault.isRecreated {
        try core.rebuild(failure.partition, because: "\(failure.fault)")
        continue
      } catch let fault as ViewFault where fault.isStorage {
        if case .storage(let error) = fault, error.isLockHeld || error.isCorruption { throw fault }
        // What has no room was not written, and the store is as it was; after another failure it is opened again.
        if case .storage(let error) = fault, !error.isNoSpace { core.closeStore() }
        note(waiting: "\(fault)")
      } catch let fault as TopicFault where fault.kind == .unreachable {
        note(waiting: "\(fault)")
      } catch let error as KafkaError where error.isRetriable {
        note(waiting: "\(error)")
      }
      if ContinuousClock.now - since > ViewLimits.pauses.last * 2 { pause = ViewLimits.pauses.first }
      if await stopped.wait(atMost: pause) { return }
      pause = min(pause * 2, ViewLimits.pauses.last)
    }
  }

  private func note(waiting reason: String) {
    core.configuration.logger.warning("the view waits", metadata: ["reason": "\(reason)"])
    running.withLock { $0.waiting = reason }
  }

  /// Follows until something is in the way.
  private func follow() async throws {
    let configuration = core.configuration
    let (partitions, kept) = try await withBlockingThread("view", throwing: { [self] in try open() })
    var follow = FollowerConfiguration(
      kafka: configuration.kafka, topic: configuration.topic, logger: configuration.logger)
    follow.partitions = partitions
    follow.checkInterval = min(follow.checkInterval, max(.milliseconds(50), kept / 5))
    let follower = Follower(configuration: follow, sink: core)
    running.withLock { running in
      running.follower = follower
      if !running.hasBegun { running.since = .now }
      running.hasBegun = true
      running.waiting = nil
    }
    defer {
      let records = follower.statuses.values.reduce(0) { $0 + $1.records }
      running.withLock { running in
        running.records += records
        running.follower = nil
      }
    }
    if stopped.isSignalled { return }
    try await follower.run()
  }

  /// Looks the topic up and opens the storage. Blocks.
  private func open() throws -> (partitions: [Int32], kept: Duration) {
    let configuration = core.configuration
    let name = configuration.topic.name
    let metadata = try TopicLookUp.metadata(name, kafka: configuration.kafka, logger: configuration.logger)
    let all = metadata.topic(name)?.partitions.map(\.id).sorted() ?? []
    let partitions = configuration.partitions.map { Set($0).sorted() } ?? all
    if let missing = partitions.first(where: { !all.contains($0) }) {
      throw KafkaError(
        code: .unknownPartition, operation: "show the topic \(name)",
        detail: "it has \(all.count) partitions", topic: name, partition: missing)
    }
    let kept = configuration.tombstonesKept ?? askTombstonesKept(of: name)
    core.shown.begin(partitions, of: Int32(all.count))
    try core.begin(partitions, kept: kept) { () throws(ViewFault) in
      switch configuration.storage {
      case .memory: MemoryStore(bytesMax: configuration.memoryBytesMax)
      case .directory(let path):
        try DirectoryStore(
          path: path,
          header: ViewHeader(
            application: configuration.topic.applicationID, topic: name, partitions: Int32(all.count)),
          memoryBytes: configuration.memoryBytesMax, decode: core.decode)
      }
    }
    return (partitions, kept)
  }

  /// What the topic says, or Kafka's default where it may not be asked.
  private func askTombstonesKept(of name: String) -> Duration {
    let configuration = core.configuration
    do throws(KafkaError) {
      let admin = try KafkaAdmin(configuration: configuration.kafka, logger: configuration.logger)
      let found = try admin.describeTopicConfiguration(name, timeout: KafkaLimits.call)
      if let text = found["delete.retention.ms"], let number = Int64(text) { return .milliseconds(number) }
    } catch {
      configuration.logger.warning(
        "the topic's delete.retention.ms may not be asked, and is taken for a day; set tombstonesKept",
        metadata: ["topic": "\(name)", "error": "\(error)"])
    }
    return ViewLimits.tombstonesKept
  }
}

extension ObjectView {
  /// How the view stands now.
  public var status: ViewStatus {
    let standing = core.standing()
    let (since, waiting, hasBegun, ended, former) = running.withLock { running in
      (running.since, running.waiting, running.hasBegun, running.ended, running.records)
    }
    let statuses = standing.statuses.compactMap { $0 }
    let phase: ViewStatus.Phase =
      if ended.isEnded {
        .ended(reason: ended.reason)
      } else if let waiting {
        .waiting(reason: waiting)
      } else if !hasBegun {
        .starting
      } else if standing.isCaughtUp {
        .current(
          lag: ViewStatus.Lag(
            records: statuses.reduce(0) { $0 + $1.lag },
            time: statuses.map { ContinuousClock.now - ($0.currentAt ?? since) }.max() ?? .zero))
      } else {
        catchingUp(statuses, since, former)
      }
    return ViewStatus(
      phase: phase, positions: standing.positions, listeners: standing.listeners,
      mergedChanges: standing.merged, rebuilds: standing.rebuilds)
  }

  private func catchingUp(
    _ statuses: [FollowStatus], _ since: ContinuousClock.Instant, _ former: Int
  ) -> ViewStatus.Phase {
    let records = statuses.reduce(former) { $0 + $1.records }
    let remaining = statuses.reduce(Int64(0)) { $0 + max($1.remaining, $1.lag) }
    let seconds = (ContinuousClock.now - since) / .seconds(1)
    let rate = seconds > 0 ? Double(records) / seconds : 0
    return .catchingUp(
      records: records, perSecond: rate, remaining: remaining,
      secondsLeft: rate > 0 ? Double(remaining) / rate : nil)
  }
}
