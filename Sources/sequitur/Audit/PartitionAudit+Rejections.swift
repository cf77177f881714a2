extension PartitionAudit {
  /// Codes that are given before the object is looked at: its version is then 0.
  private static let codesWithoutLookUp: Set = [
    "invalid-key", "malformed", "unknown-command", "decider-error",
  ]

  /// Counts a rejection, and checks that it carries its command unchanged.
  func take(rejected rejection: AuditRecord, of command: AuditRecord?) {
    audit.report.rejections += 1
    let code = rejection.text("rejection-code") ?? ""
    audit.report.rejectionCodes[code, default: 0] += 1
    var wrong: [String] = []
    if code.isEmpty { wrong.append("rejection-code is missing") }
    if rejection.text("rejection-reason")?.isEmpty ?? true { wrong.append("rejection-reason is missing") }
    if code == "duplicate", rejection.header("original-version")?.decimal == nil {
      wrong.append("original-version is missing")
    }
    let source = "/" + audit.configuration.applicationID
    // Older versions wrote none.
    if let found = rejection.header("rejection-source"), !found.elementsEqual(source.utf8) {
      wrong.append("Expected rejection-source=\(source), found \(found.shown)")
    }
    if let command { wrong += changes(of: rejection, command) }
    wrong += versionFaults(of: rejection, code)
    for fault in wrong { add(.rejection, topics.invalid, rejection.offset, "Of a rejection: \(fault)") }
  }

  private func changes(of rejection: AuditRecord, _ command: AuditRecord) -> [String] {
    var wrong: [String] = []
    // A command without a key is passed on with an empty one: both say that there is none.
    let (key, own) = (rejection.key ?? Self.empty, command.key ?? Self.empty)
    if !key.isEqual(to: own) { wrong.append("Expected the key \(own.shown), found \(key.shown)") }
    let isOmitted = rejection.header("payload-omitted") != nil
    if isOmitted {
      let size = rejection.header("payload-omitted")?.decimal
      if rejection.value != nil || size != command.value.map({ Int64($0.count) }) {
        wrong.append("Expected payload-omitted to be the size of the command's value, which is left out")
      }
    } else if !rejection.value.isEqual(to: command.value) {
      wrong.append("Expected the command's value, byte for byte, but it differs")
    }
    let isCarried =
      rejection.headers.count >= command.headers.count
      && zip(command.headers, rejection.headers).allSatisfy { $0.isEqual(to: $1) }
    if !isCarried, !isOmitted { wrong.append("Expected the command's own headers unchanged and first") }
    if isCarried, rejection.headers.count - command.headers.count < 4 {
      wrong.append("Expected rejection-code, rejection-reason, object-version and command-position added")
    }
    return wrong
  }

  private func versionFaults(of rejection: AuditRecord, _ code: String) -> [String] {
    guard let version = rejection.header("object-version")?.decimal else {
      return ["object-version is missing"]
    }
    guard let key = rejection.key, let index = objects[AuditKey(key)] else {
      return version == 0 || validStart > 0 ? [] : ["Expected object-version=0, found \(version)"]
    }
    let current = table[index].version
    if version == current || (version == 0 && isZeroPossible(code)) { return [] }
    return ["Expected object-version=\(current), found \(version)"]
  }

  /// Without rules nobody knows whether the object was forgotten just before.
  private func isZeroPossible(_ code: String) -> Bool {
    audit.rules == nil || Self.codesWithoutLookUp.contains(code)
  }

  private static var empty: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}
