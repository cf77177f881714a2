/// What is known of a worker when the watch looks: its input.
struct WorkerFacts: Sendable, Hashable {
  /// Where it is in its life.
  enum Phase: Sendable, Hashable {
    case starting
    case running
    /// Another process has its instance id.
    case fenced(why: String)
    /// It lost its membership, and starts again in its process.
    case startingAnew(why: String)
    case stopping
  }

  /// One assigned partition.
  struct Partition: Sendable, Hashable {
    var role: WorkerHealth.Role
    var position: Int64?
    /// The high watermark, when it was asked for last.
    var end: Int64?
    /// The end of what a reader of committed records may read; nil while it is not known.
    var stableEnd: Int64?
    /// The offset of the command whose code runs; nil when none does.
    var executing: Int64?
    var restore: RestoreProgress?
    /// What its restore waits for, when it is a transaction of a former owner.
    var waitsFor: String?
    /// Why the brokers give nothing of its commands or its changelog.
    var inputFault: String?
    /// Why it is not served.
    var refusal: String?
    var lane: Int?
  }

  /// One lane.
  struct Lane: Sendable, Hashable {
    /// How long its transaction is under way; nil without one.
    var transactionSeconds: Double?
    /// What it does at the moment, such as `commit`.
    var step: String = ""
    /// What failed last in it, in the library's words.
    var failure: String?
    /// The store could not be read, and the lane tries again.
    var isPaused = false
  }

  var phase = Phase.running
  var isMember = true
  var groupFault: String?
  var storeFault: String?
  var outputFault: String?
  /// Since the cluster answered last.
  var brokerSilence = Duration.zero
  /// What it said instead, or what failed.
  var brokerFault: String?
  var partitions: [Int32: Partition] = [:]
  var lanes: [Int: Lane] = [:]
}
