import KafkaClient
import PartitionEngine
import Sequitur
import SequiturTopics
import Tracing

/// All that a worker is told.
///
/// | property | flag of `sequitur worker` | default |
/// |---|---|---|
/// | ``bootstrapServers`` | `--bootstrap-servers` | `localhost:9092` |
/// | ``applicationID`` | `--application-id` | `sequitur` |
/// | ``topics`` | `--commands-topic` … | see `TopicNames` |
/// | ``stateDirectory`` | `--state-dir` | `sequitur-state` |
/// | ``instanceID`` | `--instance-id` | the host name when it ends in `-<number>`, else none |
/// | ``assignmentStrategy`` | `--assignment-strategy` | `range` |
/// | ``timeouts`` | `--session-timeout` … | see ``WorkerTimeouts`` |
/// | ``lanes`` | `--lanes` | the number of cores |
/// | ``envelope`` | `--envelope` | `cloudevents` |
/// | ``limits`` | `--recent-ids`, `--forget-after` | see `Limits` |
/// | ``kafka`` | `--kafka key=value` | |
/// | ``topicCreation`` | `--create-topics` | none: missing topics are a fault |
/// | ``memoryBytes`` | `--memory` | 256 MiB |
/// | ``guardsAgainstCrashes`` | `--no-crash-guard` | true |
/// | ``acceptsForeignRecords`` | `--accept-foreign-records` | false |
/// | ``returnsFreeMemory`` | | false; `sequitur worker`: true |
/// | ``stopsWhenCaughtUp`` | `--until-caught-up` | false |
/// | ``input`` | `--accept-lost-commands`, `--begin-commands-at` | commands that are not the known ones are refused |
public struct WorkerConfiguration: Sendable {
  /// Where the cluster is, `host:port` with commas between several.
  public var bootstrapServers = "localhost:9092"
  /// Names the application: its consumer group, its transactional ids, its topics. Unique in the cluster:
  /// two environments with one application id on one cluster would fence each other.
  public var applicationID: String
  /// Named after the application by `init`; they do not follow when ``applicationID`` is changed.
  public var topics: TopicNames
  /// Where the worker's spans go: transactions with links to their commands' traces, restores, rebalances. Nil: the process's
  /// tracer (`InstrumentationSystem.bootstrap`), and none where it has none.
  public var tracer: (any Tracer)?
  /// The directory of the local store; created when missing. One worker at a time may use it.
  public var stateDirectory = "sequitur-state"
  /// Names this worker for ever: with it a restart in place moves no partition (`group.instance.id`).
  /// Nil: a dynamic member. See ``defaultInstanceID(hostName:)``.
  public var instanceID: String?
  /// How partitions are shared out over the group's workers; all of them must have the same.
  public var assignmentStrategy = AssignmentStrategy.range
  /// Threads that process commands, each with one transactional producer. 1…``lanesMax``.
  public var lanes: Int
  /// The headers of events. Default: all that CloudEvents asks for.
  public var envelope = Envelope.cloudevents
  /// The bounds of each partition's engine.
  public var limits = Limits()
  /// librdkafka properties that go over Sequitur's own, for all clients.
  public var kafka = KafkaConfiguration()
  /// Creates the missing topics at the start, in this shape.
  public var topicCreation: TopicShape?
  /// Starts although another application's records are the last ones of an output topic. Default false.
  public var acceptsForeignRecords = false
  /// Ends the worker when every partition has processed what was there when it started.
  public var stopsWhenCaughtUp = false
  /// What to do when the commands are not the ones that a partition had come to. Holds for what is found when a partition
  /// is restored first; what happens to the commands later is refused again.
  public var input = Input()
  /// Bytes of memory for everything that grows with load: store, objects, transactions, fetched commands. Default 256 MiB.
  public var memoryBytes = MemoryBudget.bytesDefault
  /// Bytes of objects kept in memory, over all partitions; `nil`: a share of ``memoryBytes``.
  public var objectBytesMax: Int?
  /// Rejects a command as `decider-error` after the decider's code ended the process with it three times.
  public var guardsAgainstCrashes = true
  /// How long the local state of a partition that another worker serves is kept. Default a day.
  public var partitionRetention = Duration.seconds(24 * 3600)
  /// How long the worker waits for what.
  public var timeouts = WorkerTimeouts()
  /// Gives the process's free memory back to the system with each flush of the store (``ProcessMemory/trim()``). Default
  /// false: it concerns the whole process, so it is for a program that is a worker and nothing else, as `sequitur` is.
  public var returnsFreeMemory = false

  /// An operator's decision about commands that are not the known ones.
  public typealias Input = InputDecision

  /// The longest ``instanceID``: it stands in the ids of members, producers and clients.
  public static let instanceIDBytesMax = 249

  /// The most lanes: beyond the number of cores they only share them.
  public static let lanesMax = 64

  /// A configuration with the defaults.
  ///
  /// - Parameters:
  ///   - applicationID: names the application, and after it the topics.
  ///   - lanes: threads that process commands; `sequitur worker` takes the number of cores.
  public init(applicationID: String = "sequitur", lanes: Int = 1) {
    self.applicationID = applicationID
    self.topics = TopicNames(applicationID: applicationID)
    self.lanes = lanes
  }
}
