import JSONFields
import RulesModel
import Sequitur

/// States that older rules wrote.
extension LifecycleDecider {
  /// Made of the rules, so that two files that decide alike have the same one.
  public var fingerprint: DeciderFingerprint { rules.fingerprint }
  /// The states' fields and statuses, as the rules name them.
  public var stateForm: String? { rules.stateForm }
  /// The rules in their normal form.
  public var definition: String? { rules.normalForm }

  /// Whether these rules, with their migrations, read all that others wrote.
  public func change(from former: FormerDecider) -> DeciderChange { rules.change(from: former) }

  /// Writes the state as these rules would: by `migrate` for that version, or as it is when there is none.
  ///
  /// Throws ``LifecycleStateFault`` when the bytes are no state of that version.
  public func migrateState(
    _ bytes: RawSpan, from version: Int, into migrated: inout ByteWriter
  ) throws(LifecycleStateFault) {
    guard let migration = program.migrations[version] else {
      bytes.withUnsafeBytes { migrated.append($0) }
      return
    }
    let memory = MigrationMemory(migration, fields: program.forms.count)
    let status = try read(bytes, migration, memory)
    program.machine.begin(
      Machine.Inputs(
        command: memory.slots, converted: memory.slots, state: nil, time: 0, version: 0,
        key: UnsafeRawBufferPointer(start: nil, count: 0)))
    for field in program.forms.indices {
      memory.next[field] = try value(of: field, migration, memory)
    }
    encodeState(state(status: status, memory.next), into: &migrated)
  }

  /// The status, with what is read of the fields in the memory's slots.
  private func read(
    _ bytes: RawSpan, _ migration: MigrationProgram, _ memory: MigrationMemory
  ) throws(LifecycleStateFault) -> Int {
    let code = bytes.withUnsafeBytes { reader.read($0, migration.names, into: memory.values) }
    guard code == CSJ_OK else {
      throw LifecycleStateFault(
        message: "Expected a state as JSON, but \(JSONReader.message(code))")
    }
    let status = memory.values[0]
    guard status.kind == CSJ_STRING else {
      throw LifecycleStateFault(
        message: "Expected a state with a status, but the field `status` is \(status.phrase)")
    }
    let name = String(decoding: status.bytes, as: UTF8.self)
    for (index, slot) in migration.slots.enumerated() {
      memory.slots[index] = try value(of: slot, index, migration, memory)
    }
    if let target = migration.statuses[name] { return target }
    guard let index = program.statuses.index(of: status.bytes), index > 0 else { throw unknownStatus(name) }
    return index
  }

  private func value(
    of slot: MigrationProgram.Slot, _ index: Int, _ migration: MigrationProgram, _ memory: MigrationMemory
  ) throws(LifecycleStateFault) -> csj_value {
    let found = memory.values[slot.name]
    let text = slot.text > 0 ? memory.values[slot.text] : csj_value()
    switch slot.form {
    case .presence: return found
    case .declared(let type, let initial):
      if found.isMissing { return initial }
      let (value, refusal) = FieldReader.read(found, text: text, as: type, wide: memory.wides + index)
      guard refusal == nil, value.isOf(FieldForm(type)) else {
        throw unreadable(migration.names.names[slot.name], found, as: type, migration)
      }
      return value
    case .converted(let type):
      if found.isMissing { return csj_value() }
      guard let value = StateConversion.value(found, text: text, as: type, wide: memory.wides + index) else {
        throw unreadable(migration.names.names[slot.name], found, as: type, migration)
      }
      return value
    }
  }

  private func unreadable(
    _ name: String, _ value: csj_value, as type: FieldType, _ migration: MigrationProgram
  ) -> LifecycleStateFault {
    let shown =
      value.kind == CSJ_STRING ? "'\(String(decoding: value.bytes.prefix(80), as: UTF8.self))'" : value.phrase
    return LifecycleStateFault(
      message:
        "Expected the field `\(name)` of a state of version \(migration.from) to be readable as \(type.phrase), "
        + "but it is \(shown)")
  }

  private func value(
    of field: Int, _ migration: MigrationProgram, _ memory: MigrationMemory
  ) throws(LifecycleStateFault) -> csj_value {
    switch migration.sources[field] {
    case .slot(let slot): return memory.slots[slot]
    case .value(let code):
      if program.machine.run(code) {
        return program.machine.result.value(code.kind, wide: memory.nextWides + field)
      }
      if case .missing = program.machine.fault { return program.initials[field] }
      throw LifecycleStateFault(
        message: "Expected a value for the field `\(program.fields[field].name)` of a state of version "
          + "\(migration.from), but it is too large, or divided by zero")
    }
  }
}

/// Memory for the reading of one older state.
private final class MigrationMemory {
  /// As they stand in the state.
  let values: UnsafeMutablePointer<csj_value>
  /// By slot.
  let slots: UnsafeMutablePointer<csj_value>
  let wides: UnsafeMutablePointer<Int128>
  /// By field of the object.
  let next: UnsafeMutablePointer<csj_value>
  let nextWides: UnsafeMutablePointer<Int128>

  init(_ migration: MigrationProgram, fields: Int) {
    func values(_ count: Int) -> UnsafeMutablePointer<csj_value> {
      let memory = UnsafeMutablePointer<csj_value>.allocate(capacity: max(count, 1))
      memory.initialize(repeating: csj_value(), count: max(count, 1))
      return memory
    }
    func wides(_ count: Int) -> UnsafeMutablePointer<Int128> {
      let memory = UnsafeMutablePointer<Int128>.allocate(capacity: max(count, 1))
      memory.initialize(repeating: 0, count: max(count, 1))
      return memory
    }
    self.values = values(migration.names.valueCount)
    slots = values(migration.slots.count)
    self.wides = wides(migration.slots.count)
    next = values(fields)
    nextWides = wides(fields)
  }

  deinit {
    values.deallocate()
    slots.deallocate()
    wides.deallocate()
    next.deallocate()
    nextWides.deallocate()
  }
}

/// Reads a value of an older state as another type.
enum StateConversion {
  /// The value; nil when it is none of that type.
  ///
  /// - Parameters:
  ///   - text: the number as it is written, or the list.
  ///   - wide: takes a decimal; must live as long as the value.
  static func value(
    _ value: csj_value, text: csj_value, as type: FieldType, wide: UnsafeMutablePointer<Int128>
  ) -> csj_value? {
    switch type {
    case .string: return string(value, text)
    case .enumeration(let members):
      guard value.kind == CSJ_STRING, members.contains(where: { $0.utf8.elementsEqual(value.bytes) }) else {
        return nil
      }
      return value
    case .boolean:
      if value.kind == CSJ_BOOLEAN { return value }
      guard value.kind == CSJ_STRING else { return nil }
      var result = csj_value()
      result.kind = CSJ_BOOLEAN
      if value.bytes.elementsEqual("true".utf8) {
        result.boolean = true
      } else {
        guard value.bytes.elementsEqual("false".utf8) else { return nil }
      }
      return result
    case .integer:
      guard let whole = number(value, text).flatMap({ ExactDecimal(jsonNumber: $0.utf8)?.exactly(scale: 0) }),
        let integer = Int64(exactly: whole.unscaled)
      else { return nil }
      var result = csj_value()
      result.kind = CSJ_INTEGER
      result.integer = integer
      return result
    case .number:
      if value.kind == CSJ_INTEGER || value.kind == CSJ_NUMBER { return value }
      guard let double = number(value, text).flatMap({ JSONNumber.parse($0) }) else { return nil }
      var result = csj_value()
      result.kind = CSJ_NUMBER
      result.number = double
      return result
    case .decimal(let scale):
      guard let decimal = number(value, text).flatMap({ ExactDecimal(jsonNumber: $0.utf8) }),
        let rounded = decimal.rounded(scale: scale)
      else { return nil }
      wide.pointee = rounded.unscaled
      return csj_value(wide: wide)
    case .timestamp, .duration, .list:
      let (read, refusal) = FieldReader.read(value, text: text, as: type, wide: wide)
      return refusal == nil ? read : nil
    }
  }

  /// A number's or a text's digits; nil when it is no number.
  private static func number(_ value: csj_value, _ text: csj_value) -> String? {
    let bytes: UnsafeRawBufferPointer
    switch value.kind {
    case CSJ_INTEGER, CSJ_NUMBER: bytes = text.bytes
    case CSJ_STRING: bytes = value.bytes
    default: return nil
    }
    let digits = String(decoding: bytes.prefix(400), as: UTF8.self)
    return JSONNumber.isWellFormed(digits) ? digits : nil
  }

  private static func string(_ value: csj_value, _ text: csj_value) -> csj_value? {
    let bytes: UnsafeRawBufferPointer
    switch value.kind {
    case CSJ_STRING: return value
    case CSJ_INTEGER, CSJ_NUMBER: bytes = text.bytes
    case CSJ_BOOLEAN:
      let word: StaticString = value.boolean ? "true" : "false"
      bytes = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    default: return nil
    }
    var result = csj_value()
    result.kind = CSJ_STRING
    result.string = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    result.length = UInt32(bytes.count)
    return result
  }
}

extension ExactDecimal {
  /// With so many places, a half rounded away from zero; nil when it has too many digits.
  fileprivate func rounded(scale other: Int) -> ExactDecimal? {
    guard other < scale else { return exactly(scale: other) }
    return ExactDecimal(
      unscaled: Self.lower(unscaled, by: Self.powerOfTen(scale - other)), scale: other)
  }
}
