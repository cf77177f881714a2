extension PartitionAudit {
  /// Codes that are given before the object is looked at: its version is then 0.
  private static let codesWithoutLookUp: Set = [
    "invalid-key", "malformed", "unknown-command", "decider-error",
  ]

  /// Counts a rejection, and checks that it carries its command unchanged.
  func take(rejected rejection: AuditRecord, of command: AuditRecord?) {
    audit.report.rejections += 1
    guard let headers = OutcomeHeaders(ofRejection: rejection.headers) else {
      audit.report.rejectionCodes["", default: 0] += 1
      return add(.rejection, topics.invalid, rejection.offset, "Of a rejection: rejection-code is missing")
    }
    let code = headers.text("rejection-code") ?? ""
    audit.report.rejectionCodes[code, default: 0] += 1
    var wrong = headerFaults(headers, code)
    if let command {
      wrong += changes(of: rejection, headers, command)
      // Older versions did not write it.
      if let time = headers.value("command-timestamp"), !time.elementsEqual("\(command.timestamp)".utf8) {
        wrong.append("Expected command-timestamp=\(command.timestamp), found \(time.shown)")
      }
    }
    wrong += versionFaults(of: rejection, headers, code)
    for fault in wrong { add(.rejection, topics.invalid, rejection.offset, "Of a rejection: \(fault)") }
    if let command, let key = command.key, let fault = ruleFault(of: code, command, key) {
      add(.rules, topics.invalid, rejection.offset, "Of \(key.shown): \(fault)")
    }
  }

  /// What is wrong with a rejection by the rules; nil without them, or where the object is not known.
  private func ruleFault(
    of code: String, _ command: AuditRecord, _ key: UnsafeRawBufferPointer
  ) -> String? {
    let object = objects[AuditKey(key)].map { table[$0] }
    // Events that made the object may have been deleted.
    guard object != nil || validStart == 0 else { return nil }
    return audit.rules?.fault(
      of: code, command, in: stretches.stretch(of: command.offset), on: object)
  }

  private func headerFaults(_ headers: OutcomeHeaders, _ code: String) -> [String] {
    var wrong = headers.nameFaults(allowed: OutcomeHeaders.namesOfRejections)
    if code.isEmpty { wrong.append("rejection-code is missing") }
    if headers.text("rejection-reason")?.isEmpty ?? true { wrong.append("rejection-reason is missing") }
    if code == "duplicate", headers.value("original-version")?.decimal == nil {
      wrong.append("original-version is missing")
    }
    let source = "/" + audit.configuration.applicationID
    // Older versions wrote none.
    if let found = headers.value("rejection-source"), !found.elementsEqual(source.utf8) {
      wrong.append("Expected rejection-source=\(source), found \(found.shown)")
    }
    return wrong
  }

  /// What differs from the command, by what the worker says that it left out.
  private func changes(
    of rejection: AuditRecord, _ headers: OutcomeHeaders, _ command: AuditRecord
  ) -> [String] {
    var wrong = keyFaults(of: rejection, headers, command)
    let omitted = headers.value("payload-omitted")
    if let omitted {
      if rejection.value != nil || omitted.decimal != command.value.map({ Int64($0.count) }) {
        wrong.append("Expected payload-omitted to be the size of the command's value, which is left out")
      }
    } else if !rejection.value.isEqual(to: command.value) {
      wrong.append("Expected the command's value, byte for byte, but it differs")
    }
    // Headers are left out all together, and only where leaving out the payload was not enough.
    let isLeftOut = headers.carried.isEmpty && (omitted != nil || command.value == nil)
    if !headers.carried.isEqual(to: command.headers), !isLeftOut {
      wrong.append("Expected the command's own headers unchanged and first")
    }
    return wrong
  }

  private func keyFaults(
    of rejection: AuditRecord, _ headers: OutcomeHeaders, _ command: AuditRecord
  ) -> [String] {
    // A command without a key is passed on with an empty one: both say that there is none.
    let (key, own) = (rejection.key ?? Self.empty, command.key ?? Self.empty)
    guard let cut = headers.value("key-cut") else {
      return key.isEqual(to: own) ? [] : ["Expected the key \(own.shown), found \(key.shown)"]
    }
    let isBeginning = key.count == Self.keyBytesKept && own.prefix(key.count).elementsEqual(key)
    return isBeginning && own.count > key.count && cut.decimal == Int64(own.count)
      ? [] : ["Expected key-cut to be the size of the command's key, of which the first 1,024 bytes are kept"]
  }

  /// Of a key that is cut (docs/record-contract.md).
  private static let keyBytesKept = 1024

  private func versionFaults(
    of rejection: AuditRecord, _ headers: OutcomeHeaders, _ code: String
  ) -> [String] {
    guard let version = headers.value("object-version")?.decimal else {
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
