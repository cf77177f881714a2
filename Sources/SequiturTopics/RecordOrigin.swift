import Sequitur

/// Whose a record on an output topic is, by what it says itself.
///
/// | record | says |
/// |---|---|
/// | event | `ce_source` (not in the compact envelope), and the commands topic in `ce_id` |
/// | rejection | `rejection-source`, and the commands topic in `command-position` |
/// | checkpoint | its headers `application` and `commands-topic` |
///
/// Older versions wrote less: what a record does not say is not held against it.
enum RecordOrigin: Hashable {
  /// This application wrote it, or it says nothing to the contrary.
  case own
  /// It can be anybody's, such as a state: look at another one.
  case unknown
  /// Another application wrote it, or this one for another topic. With what the record says.
  case foreign(String)
  /// No application of this kind wrote it. With what was missed.
  case stray(String)
}

/// Judges records of the output topics of one application. Pure.
struct OriginReader {
  /// What stands on a topic.
  enum Role: String, CaseIterable {
    case valid, invalid, changelog

    /// What records of the topic are called.
    var records: String {
      switch self {
      case .valid: "events"
      case .invalid: "rejections"
      case .changelog: "states and checkpoints"
      }
    }
  }

  let applicationID: String
  let commandsTopic: String

  /// Whose the record is that was found on a topic of this role.
  func origin(
    in role: Role, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: [RecordHeader]
  ) -> RecordOrigin {
    let claims: [(role: Role, claim: Claim?)] = [
      (.valid, Claim(event: headers)), (.invalid, Claim(rejection: headers)),
      (.changelog, Claim(checkpoint: headers, key: key, value: value)),
    ]
    // The headers of a command go on to its outcome: what the role asks for comes first.
    if let own = claims.first(where: { $0.role == role })?.claim { return judge(own) }
    if role == .changelog, isState(value, headers) { return .unknown }
    if let other = claims.first(where: { $0.claim != nil }) {
      return .foreign("it is one of the \(other.role.records) of \(other.claim?.owner ?? "an application")")
    }
    return .stray("it has no headers of \(role.records)")
  }

  private func judge(_ claim: Claim) -> RecordOrigin {
    if let source = claim.application, source.text != applicationID {
      return .foreign("its \(source.name) says \(source.shown)")
    }
    if let topic = claim.commandsTopic, topic.text != commandsTopic {
      return .foreign("its \(topic.name) says \(topic.shown)")
    }
    return .own
  }

  /// A state, or the mark that there is none any more.
  private func isState(_ value: UnsafeRawBufferPointer?, _ headers: [RecordHeader]) -> Bool {
    value == nil ? headers.isEmpty : headers.contains { $0.isNamed("v") }
  }
}

/// Who a record says it is by.
private struct Claim {
  /// A header's text, and what of it names the owner.
  struct Name {
    let name: String
    let shown: String
    let text: String
  }

  var application: Name?
  var commandsTopic: Name?

  /// For a sentence.
  var owner: String {
    if let application { return "the application \(application.text)" }
    return "commands on \(commandsTopic?.text ?? "another topic")"
  }

  /// An event has the id `<topic>/<partition>/<offset>/<index>`; nil: it is none.
  init?(event headers: [RecordHeader]) {
    guard let id = headers.text("ce_id"), headers.text("ce_sequence") != nil,
      let topic = Self.topic(of: id, numbers: 3)
    else { return nil }
    application = headers.text("ce_source").map { Name(name: "ce_source", source: $0) }
    commandsTopic = Name(name: "ce_id", shown: id, text: topic)
  }

  /// A rejection's own headers stand behind its command's, and begin with the code; nil: it is none.
  init?(rejection headers: [RecordHeader]) {
    guard let first = headers.lastIndex(where: { $0.isNamed("rejection-code") }) else { return nil }
    let own = Array(headers[first...])
    guard let position = own.text("command-position"), let topic = Self.topic(of: position, numbers: 2) else {
      return nil
    }
    application = own.text("rejection-source").map { Name(name: "rejection-source", source: $0) }
    commandsTopic = Name(name: "command-position", shown: position, text: topic)
  }

  /// A checkpoint has the empty key; nil: it is none.
  init?(checkpoint headers: [RecordHeader], key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?) {
    guard let key, key.isEmpty, let value, (try? CheckpointRecord(decoding: value)) != nil else { return nil }
    application = headers.text("application").map { Name(name: "application", shown: $0, text: $0) }
    commandsTopic = headers.text("commands-topic").map { Name(name: "commands-topic", shown: $0, text: $0) }
  }

  /// The topic of `<topic>/<number>/…`: topics have no slash in their names.
  private static func topic(of text: String, numbers: Int) -> String? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == numbers + 1, !parts[0].isEmpty,
      parts.dropFirst().allSatisfy({ Int64($0).map { $0 >= 0 } ?? false })
    else { return nil }
    return String(parts[0])
  }
}

extension Claim.Name {
  /// Of a source: `/` and the application id.
  fileprivate init(name: String, source: String) {
    self.init(name: name, shown: source, text: source.hasPrefix("/") ? String(source.dropFirst()) : source)
  }
}

extension [RecordHeader] {
  /// The last header of this name as text, cut where a sentence would suffer; nil when there is none.
  fileprivate func text(_ name: StaticString) -> String? {
    last { $0.isNamed(name) }?.value.flatMap { String(validating: $0.prefix(1024), as: UTF8.self) }
  }
}
