import Glibc
import Yams

/// Reads rules from YAML.
///
/// Every fault has a line and a column, and all of them are reported at once. Anchors and aliases work, merge
/// keys (`<<`) do not.
public enum RulesFile {
  /// The longest rules file, in bytes.
  public static let bytesMax = 256 << 10
  /// How many aliases a file may use; keeps nested aliases from growing without bound.
  public static let aliasesMax = 32
  /// How many repeated keys are found before the reader gives up.
  static let duplicatesMax = 100
  /// How many Unicode scalars are read in all, since each repeated key has the file read once more.
  static let composedMax = 384 << 10
  /// How many alternatives a command may have.
  public static let alternativesMax = 32
  /// How many events a command may make.
  public static let eventsMax = 16
  /// How many versions of older states may be told how to be read.
  public static let migrationsMax = 32
  /// How many items a list of an object may have.
  public static let listItemsMax = 10_000
  /// The longest reason of a guard, in Unicode scalars.
  static let reasonLengthMax = 1000
  /// How many faults are listed.
  public static let faultsMax = 100

  /// Reads rules, or throws all that is wrong with them. Warnings alone do not count.
  ///
  /// - Parameters:
  ///   - yaml: the file's text.
  ///   - path: how messages name the file; it is not opened.
  public static func parse(_ yaml: String, path: String) throws(RulesFaults) -> Rules {
    try rules(check(yaml, path: path))
  }

  /// Reads rules from a file's bytes, or throws all that is wrong with them.
  ///
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - path: how messages name the file; it is not opened.
  public static func parse(_ bytes: [UInt8], path: String) throws(RulesFaults) -> Rules {
    try rules(check(bytes, path: path))
  }

  /// Opens and reads a rules file, or throws all that is wrong with it.
  public static func read(path: String) throws(RulesFaults) -> Rules {
    try rules(check(path: path))
  }

  /// Says all that is wrong with rules, warnings included.
  ///
  /// - Parameters:
  ///   - yaml: the file's text.
  ///   - path: how messages name the file; it is not opened.
  public static func check(_ yaml: String, path: String) -> RulesCheck {
    if yaml.utf8.count > bytesMax {
      return failed(path, "Expected at most \(bytesMax) bytes of rules, but found \(yaml.utf8.count)")
    }
    var reader = RulesReader(source: RulesSource(yaml), path: path)
    let rules = reader.read()
    let faults = reader.sortedFaults
    return RulesCheck(rules: faults.contains { $0.severity == .error } ? nil : rules, faults: faults)
  }

  /// Says all that is wrong with the bytes of a rules file, warnings included.
  ///
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - path: how messages name the file; it is not opened.
  public static func check(_ bytes: [UInt8], path: String) -> RulesCheck {
    if bytes.count > bytesMax {
      return failed(path, "Expected at most \(bytesMax) bytes of rules, but found more")
    }
    if let yaml = String(validating: bytes, as: UTF8.self) { return check(yaml, path: path) }
    let (line, column) = positionOfInvalidUTF8(in: bytes)
    return failed(path, "Expected UTF-8, but found other bytes. Save the file as UTF-8", line, column)
  }

  /// Reads a file that has `examples` and no rules, for rules that were read before.
  ///
  /// Returns nil when the file has rules.
  public static func examples(
    _ bytes: [UInt8], path: String, for rules: Rules
  ) throws(RulesFaults) -> [RulesExample]? {
    guard bytes.count <= bytesMax, let yaml = String(validating: bytes, as: UTF8.self) else {
      throw RulesFaults(faults: check(bytes, path: path).faults)
    }
    let source = RulesSource(yaml)
    guard RulesReader.hasOnlyExamples(source, path: path) else { return nil }
    let (examples, faults) = RulesReader.examples(source, path: path, for: rules)
    if !faults.isEmpty { throw RulesFaults(faults: faults) }
    return examples
  }

  /// Opens a rules file and says all that is wrong with it, warnings included.
  ///
  /// Only a regular file is read, and only when its size allows it: a pipe may never end, and a device neither.
  public static func check(path: String) -> RulesCheck {
    do throws(RulesFault) {
      return check(try bytes(path: path), path: path)
    } catch {
      return RulesCheck(rules: nil, faults: [error])
    }
  }

  /// The bytes of a rules file.
  public static func bytes(path: String) throws(RulesFault) -> [UInt8] {
    // Without O_NONBLOCK, opening a pipe waits for somebody who writes to it.
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
      throw fault(path, "Expected to open the rules file, but \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else {
      throw fault(path, "Expected to read the rules file, but \(String(cString: strerror(errno)))")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw fault(
        path, "Expected a regular file with the rules, but it is \(phrase(ofMode: status.st_mode))")
    }
    guard status.st_size <= bytesMax else {
      throw fault(path, "Expected at most \(bytesMax) bytes of rules, but found \(status.st_size)")
    }
    return try read(file, path)
  }

  /// The bytes of an open file, and one more than are allowed when it has grown meanwhile.
  private static func read(_ file: Int32, _ path: String) throws(RulesFault) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: bytesMax + 1) { buffer, count in
      while count < buffer.count {
        let read = Glibc.read(file, buffer.baseAddress! + count, buffer.count - count)
        if read < 0 { failure = errno }
        if read < 0, failure == EINTR { continue }
        if read <= 0 { return }
        count += read
      }
    }
    guard failure == 0 || failure == EINTR else {
      throw fault(path, "Expected to read the rules file, but \(String(cString: strerror(failure)))")
    }
    return bytes
  }

  private static func phrase(ofMode mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "a directory"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    case S_IFCHR, S_IFBLK: "a device"
    default: "none"
    }
  }

  private static func rules(_ check: RulesCheck) throws(RulesFaults) -> Rules {
    guard let rules = check.rules else { throw RulesFaults(faults: check.faults) }
    return rules
  }

  private static func failed(
    _ path: String, _ message: String, _ line: Int = 1, _ column: Int = 1
  ) -> RulesCheck {
    RulesCheck(rules: nil, faults: [fault(path, message, line, column)])
  }

  private static func fault(
    _ path: String, _ message: String, _ line: Int = 1, _ column: Int = 1
  ) -> RulesFault {
    RulesFault(severity: .error, path: path, line: line, column: column, message: message)
  }

  private static func positionOfInvalidUTF8(in bytes: [UInt8]) -> (line: Int, column: Int) {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var line = 1
    var column = 1
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      column += 1
      if scalar == "\n" { (line, column) = (line + 1, 1) }
    }
    return (line, column)
  }
}
