import ReadableText

/// What Kafka takes for the name of a topic (`Topic.validate` of its clients).
package enum TopicName {
  package static let charactersMax = 249
  package static let rule =
    "a topic's name has 1 to \(charactersMax) of the characters a-z, A-Z, 0-9, `.`, `_` and `-`, and is neither `.` "
    + "nor `..`"

  /// Why a name can be no topic's: a clause like `it has a space`; nil when it can.
  package static func fault(_ name: String) -> String? {
    if name.isEmpty { return "it is empty" }
    if name == "." || name == ".." { return "it is `\(name)`" }
    if let other = name.unicodeScalars.first(where: { !isAllowed($0) }) {
      return "it has \(other == " " ? "a space" : "`\(ShownText.line(String(other)))`")"
    }
    let count = name.utf8.count
    return count > charactersMax ? "it has \(count.counted("character"))" : nil
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
    default: false
    }
  }
}

extension TopicNames {
  /// The part that a topic plays in an application.
  package enum Role: String, CaseIterable, Sendable {
    case commands, valid, invalid, changelog

    /// The option that names it.
    package var flag: String { "--\(rawValue)-topic" }
  }

  package subscript(role: Role) -> String {
    switch role {
    case .commands: commands
    case .valid: valid
    case .invalid: invalid
    case .changelog: changelog
    }
  }

  /// Names that no topic can have. What the application id makes of itself is told of the id, once.
  ///
  /// - Parameters:
  ///   - roles: those that are needed.
  ///   - idSource: where the application id was set, like `--application-id`.
  ///   - source: the same of a topic's name.
  package func nameFaults(
    of applicationID: String, in roles: [Role] = Role.allCases, idSource: String = "the application id",
    source: (Role) -> String = { "the name of the \($0) topic" }
  ) -> [TopicFault] {
    if applicationID.isEmpty { return [.emptyApplicationID(idSource)] }
    // Also when all topics are named: it stands in the ids of groups, producers and clients.
    let length = applicationID.utf8.count
    if length > TopicName.charactersMax { return [.longApplicationID(idSource, length)] }
    let defaults = TopicNames(applicationID: applicationID)
    var faults: [TopicFault] = []
    var isIDTold = false
    for role in roles {
      guard let reason = TopicName.fault(self[role]) else { continue }
      guard self[role] == defaults[role] else {
        faults.append(.noName(self[role], source(role), reason, role.flag))
        continue
      }
      if !isIDTold { faults.append(.noNameOfApplication(applicationID, idSource, self[role], reason)) }
      isIDTold = true
    }
    return faults
  }
}

extension TopicNames {
  /// One topic in two roles would be read as something it is not.
  ///
  /// - Parameter roles: those that are needed.
  package func sameNameFaults(in roles: [Role] = Role.allCases) -> [TopicFault] {
    Dictionary(grouping: roles) { self[$0] }.filter { $1.count > 1 }.keys.sorted().map(TopicFault.sameName)
  }
}

extension TopicFault {
  fileprivate static func emptyApplicationID(_ source: String) -> TopicFault {
    TopicFault(
      .name, "Expected \(source) to name the application, but it is empty.",
      cure: "It names the group, the transactional ids and the topics: choose one, with --application-id.")
  }

  fileprivate static func longApplicationID(_ source: String, _ length: Int) -> TopicFault {
    TopicFault(
      .name,
      "Expected \(source) to have at most \(TopicName.charactersMax) bytes, but it has \(length.grouped). In Kafka "
        + "\(TopicName.rule).",
      cure: "Choose another --application-id.")
  }

  fileprivate static func noNameOfApplication(
    _ applicationID: String, _ source: String, _ name: String, _ reason: String
  ) -> TopicFault {
    TopicFault(
      .name, topic: name,
      "Expected \(source) to make names of topics, but `\(ShownText.line(applicationID, atMost: 80))` makes "
        + "`\(ShownText.line(name, atMost: 100))`, and no topic can have that name: \(reason). In Kafka "
        + "\(TopicName.rule).",
      cure: "Choose another --application-id, or name each topic with "
        + "\(TopicNames.Role.allCases.map(\.flag).joined(separator: ", ")).")
  }

  fileprivate static func noName(
    _ name: String, _ source: String, _ reason: String, _ flag: String
  ) -> TopicFault {
    TopicFault(
      .name, topic: name,
      "Expected \(source) to be one that a topic can have, but it is `\(ShownText.line(name, atMost: 80))`: "
        + "\(reason). In Kafka \(TopicName.rule).",
      cure: "Choose another \(flag).")
  }
}
