import Foundation
import KafkaClient
import Sequitur
import SequiturTopics

/// What a ``Rehearsal`` is told.
///
/// | property | flag of `sequitur rehearse` | default |
/// |---|---|---|
/// | ``bootstrapServers`` | `--bootstrap-servers` | `localhost:9092` |
/// | ``topics`` | `--application-id`, `--commands-topic` … | see `TopicNames` |
/// | ``from``, ``to`` | `--from`, `--to` | everything that has an outcome |
/// | ``samplesMax`` | `--samples` | 5 |
/// | ``scratchDirectory`` | `--scratch-dir` | the system's directory for temporary files |
/// | ``memoryBytes`` | `--memory` | 256 MiB |
/// | ``lanes`` | | the number of cores |
public struct RehearsalConfiguration: Sendable {
  /// Where the cluster is, `host:port` with commas between several.
  public var bootstrapServers = "localhost:9092"
  /// Whose commands they are; stands in no output, since nothing is written.
  public var applicationID: String
  /// Named after the application by `init`.
  public var topics: TopicNames
  /// librdkafka properties that go over Sequitur's own.
  public var kafka = KafkaConfiguration()
  /// Begin with the first command of each partition that is not older, in milliseconds since 1970; `nil`: with the oldest.
  public var from: Int64?
  /// End before the first command of each partition that is not older; `nil`: with the last that has an outcome.
  public var to: Int64?
  /// The limits of the workers that decided: how many command ids are kept with an object changes what is a duplicate.
  /// Records are bounded by what the output topics take as well, as in a worker.
  public var limits = Limits()
  /// The envelope of the workers that decided; it only matters to what is too large.
  public var envelope = Envelope.cloudevents
  /// How many commands of each kind of change are shown. 0…``samplesLimit``.
  public var samplesMax = 5
  /// Bytes of memory for everything that grows with load; objects beyond it go to the scratch directory.
  public var memoryBytes = MemoryBudget.bytesDefault
  /// Threads that decide, each one partition after the other; fewer where ``memoryBytes`` is less than 32 MiB for each.
  /// At least 1.
  public var lanes = ProcessInfo.processInfo.activeProcessorCount
  /// Where a directory for objects is made, and deleted at the end; `nil`: the system's for temporary files.
  public var scratchDirectory: String?

  /// The most that ``samplesMax`` may be.
  public static let samplesLimit = 10_000

  /// The defaults, for the topics of an application.
  public init(applicationID: String = "sequitur") {
    self.applicationID = applicationID
    topics = TopicNames(applicationID: applicationID)
  }

  /// What all its clients have in common.
  var clientProperties: KafkaConfiguration {
    let own: KafkaConfiguration = [
      "bootstrap.servers": bootstrapServers, "client.id": "\(applicationID)-rehearsal",
    ]
    return own.merging(kafka)
  }
}
