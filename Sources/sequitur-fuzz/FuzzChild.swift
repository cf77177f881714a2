import ArgumentParser
import Foundation

/// Which inputs are made, and for how long.
struct FuzzPlan: Sendable {
  let seed: UInt64
  /// The first input's number.
  let from: UInt64
  let count: UInt64
  /// Nil: until all have been looked at.
  let time: Duration?

  /// Prints the inputs, a line a part.
  func show(_ target: FuzzTarget) {
    let mutator = FuzzMutator(target, seed: seed)
    for number in from..<(from + min(count, 1000)) {
      print("\(target.name) \(number)")
      for part in mutator.input(number) {
        print("  \(String(decoding: part, as: UTF8.self).debugDescription)")
      }
    }
  }
}

/// The process that looks at the inputs of one target, and may not survive it. It writes the number of the input it is at into a
/// file that ``FuzzRun`` reads.
struct FuzzChild {
  let target: FuzzTarget
  let plan: FuzzPlan

  /// Ends with 1, and a line on standard output, at an answer that is wrong.
  func run(tellingAt path: String) throws {
    let file = open(path, O_RDWR)
    guard file >= 0, let memory = mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
      memory != MAP_FAILED
    else { throw ExitCode(2) }
    let mutator = FuzzMutator(target, seed: plan.seed)
    let start = ContinuousClock.now
    var read = target.makeReader()
    var count: UInt64 = 0
    for number in plan.from..<(plan.from + plan.count) {
      if number % FuzzTarget.inputsPerReader == 0 {
        if let time = plan.time, ContinuousClock.now - start >= time { break }
        read = target.makeReader()
      }
      memory.storeBytes(of: number, as: UInt64.self)
      do {
        try read(mutator.input(number))
      } catch {
        print("input \(number): \(error)")
        throw ExitCode(1)
      }
      count += 1
    }
    print("inputs \(count)")
    memory.storeBytes(of: .max, as: UInt64.self)
  }
}
