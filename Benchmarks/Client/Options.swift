import Glibc

/// Arguments of the form `--name value`.
struct Options {
  private let values: [String: String]

  init(_ arguments: ArraySlice<String>) {
    var values: [String: String] = [:]
    var rest = arguments
    while let name = rest.popFirst() {
      guard name.hasPrefix("--"), let value = rest.popFirst() else {
        fatalError("Expected --name value, but found '\(name)'")
      }
      values[String(name.dropFirst(2))] = value
    }
    self.values = values
  }

  subscript(name: String) -> String? { values[name] }

  func text(_ name: String) -> String {
    guard let value = values[name] else { fatalError("Expected the option --\(name)") }
    return value
  }

  func number(_ name: String, _ standard: Int) -> Int { values[name].flatMap { Int($0) } ?? standard }

  func real(_ name: String, _ standard: Double) -> Double {
    values[name].flatMap { Double($0) } ?? standard
  }
}

/// What this process has used so far.
struct Usage {
  let seconds: Double
  let processorSeconds: Double

  static var now: Usage {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Usage(
      seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9,
      processorSeconds: usage.ru_utime.seconds + usage.ru_stime.seconds)
  }

  static var peakMemoryBytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}

extension timeval {
  fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
