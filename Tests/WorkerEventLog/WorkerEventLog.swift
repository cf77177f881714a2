import SequiturWorker
import Synchronization

/// Keeps all events of a worker, for tests that wait for them.
public final class WorkerEventLog: Sendable {
  private let kept = Mutex<[WorkerEvent]>([])
  private let tasks = Mutex<[Task<Void, Never>]>([])

  /// - Parameter worker: not running yet, or what it has told is missing.
  public init(_ worker: Worker) { add(worker) }

  /// Keeps those of no worker yet.
  public init() {}

  /// Keeps those of another worker as well.
  public func add(_ worker: Worker) {
    let events = worker.events
    let task = Task { [weak self] in
      for await event in events { self?.kept.withLock { $0.append(event) } }
    }
    tasks.withLock { $0.append(task) }
  }

  /// Returns when all workers have ended and everything they told is here.
  public func finished() async {
    for task in tasks.withLock({ $0 }) { await task.value }
  }

  /// All so far.
  public var all: [WorkerEvent] { kept.withLock { $0 } }

  /// How many there were of a kind.
  public func count(_ isMeant: (WorkerEvent) -> Bool) -> Int { all.count(where: isMeant) }

  /// Whether a partition was rebuilt for a reason that says this.
  public func rebuilt(because reason: String) -> Bool {
    has { $0.rebuildingReason?.contains(reason) ?? false }
  }

  /// Whether there was one of a kind.
  public func has(_ isMeant: (WorkerEvent) -> Bool) -> Bool { all.contains(where: isMeant) }
}

extension WorkerEvent {
  public var isServing: Bool { if case .serving = self { true } else { false } }
  public var isRefused: Bool { if case .refused = self { true } else { false } }
  public var isRebuilding: Bool { if case .rebuilding = self { true } else { false } }
  public var isAssigned: Bool { if case .partitionsAssigned = self { true } else { false } }
  public var isLost: Bool { if case .partitionsLost = self { true } else { false } }
  public var isMembershipLost: Bool { if case .membershipLost = self { true } else { false } }
  public var isConsumerFailed: Bool { if case .consumerFailed = self { true } else { false } }
  public var isTransactionStepFailed: Bool { if case .transactionStepFailed = self { true } else { false } }
  public var isOutputRefused: Bool { if case .outputRefused = self { true } else { false } }
  public var isOutputAccepted: Bool { if case .outputAccepted = self { true } else { false } }
  public var isStoreFailed: Bool { if case .storeFailed = self { true } else { false } }

  /// The partition that waits for its last owner's transaction, when it is that.
  public var waitingPartition: Int32? { if case .waiting(let partition, _) = self { partition } else { nil } }
  /// The offset from which a partition is served, when it is that.
  public var servingPosition: Int64? { if case .serving(_, let position) = self { position } else { nil } }
  /// How many records of a partition's changelog were read, when it is that.
  public var recordsRead: Int? { if case .changelogRead(_, let records) = self { records } else { nil } }
  /// Whether the worker starts with an earlier run's store, when it starts.
  public var isStoreKept: Bool? { if case .started(let isStoreKept) = self { isStoreKept } else { nil } }
  /// Why a partition is rebuilt, when it is that.
  public var rebuildingReason: String? { if case .rebuilding(_, let why) = self { why } else { nil } }
}
