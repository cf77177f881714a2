import JSONFields
import Sequitur

/// Memory for one decision of a rule that reckons; used again for the next.
///
/// Thread rule: one thread.
final class EffectScratch {
  /// By field of the object: its value after the command.
  let next: UnsafeMutablePointer<csj_value>
  let nextWides: UnsafeMutablePointer<Int128>
  /// What was read from the command's texts.
  let converted: UnsafeMutablePointer<csj_value>
  let convertedWides: UnsafeMutablePointer<Int128>
  /// The payload that is being written.
  var payload = ByteWriter()

  init(fields: Int, converted count: Int) {
    next = .allocate(capacity: max(fields, 1))
    next.initialize(repeating: csj_value(), count: max(fields, 1))
    nextWides = .allocate(capacity: max(fields, 1))
    nextWides.initialize(repeating: 0, count: max(fields, 1))
    converted = .allocate(capacity: max(count, 1))
    converted.initialize(repeating: csj_value(), count: max(count, 1))
    convertedWides = .allocate(capacity: max(count, 1))
    convertedWides.initialize(repeating: 0, count: max(count, 1))
  }

  deinit {
    next.deallocate()
    nextWides.deallocate()
    converted.deallocate()
    convertedWides.deallocate()
  }
}
