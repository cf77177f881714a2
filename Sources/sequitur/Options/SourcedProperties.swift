import KafkaClient
import ReadableText
import Sequitur
import SequiturSettings
import SequiturWorker
import TerminalView

/// librdkafka's properties, each with where it was set: every fault names that.
struct SourcedProperties {
  /// What they come to: of equal names the last counts.
  let configuration: KafkaConfiguration
  /// By name, where the one that counts was set.
  private let sources: [String: Settings.Property]

  /// - Parameter properties: those of weaker sources first.
  init(_ properties: [Settings.Property]) {
    var configuration = KafkaConfiguration()
    for property in properties { configuration[property.name] = property.value }
    self.configuration = configuration
    sources = Dictionary(properties.map { ($0.name, $0) }) { _, last in last }
  }

  /// By name, what kind of place each was set in.
  var kinds: [String: String] {
    sources.mapValues { $0.isFromFile ? "file" : $0.origin.hasPrefix("--") ? "flag" : "environment" }
  }

  /// - Parameter scope: whose clients are made of them.
  /// - Throws: a ``CommandFailure`` that names the flag, the variable or the place, and no text of a file.
  func check(for scope: ReservedProperties.Scope) throws {
    do throws(KafkaError) {
      try configuration.validate()
    } catch {
      guard let source = error.property.flatMap({ sources[$0] }) else { throw CommandFailure("\(error).") }
      throw CommandFailure(
        "Expected \(source.origin) to be one that librdkafka takes, but \(Self.reason(error, source)). Its "
          + "CONFIGURATION.md lists them.")
    }
    let reserved = ReservedProperties.faults(configuration, in: scope) { sources[$0]?.origin }
    guard reserved.isEmpty else { throw CommandFailure(reserved.map(\.description).joined(separator: "\n")) }
  }

  /// A clause that follows "but".
  private static func reason(_ error: KafkaError, _ source: Settings.Property) -> String {
    guard source.isFromFile else { return ShownText.line(error.detail, atMost: 500) }
    let isUnknown = ["No such configuration property", "there is no such property"].contains {
      error.detail.hasPrefix($0)
    }
    if isUnknown { return "there is none of that name" }
    let alone: KafkaConfiguration = [source.name: source.value]
    let isWrongAlone = (try? alone.validate()) == nil
    // What is said of several together shows no values, but for servers.
    let mayQuote = isWrongAlone || KafkaProperties.canonicalName(source.name) == "metadata.broker.list"
    return mayQuote ? "its value is none that \(source.name) takes here" : error.detail
  }
}
