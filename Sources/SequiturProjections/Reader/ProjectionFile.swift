import RegularFiles
import RulesModel

/// Reads a projection from YAML. Every fault has a line and a column, and all of them are reported at once.
public enum ProjectionFile {
  /// The longest file, in bytes.
  public static let bytesMax = 256 << 10
  /// How many aliases a file may use; keeps nested aliases from growing without bound.
  static let aliasesMax = 32
  /// How many Unicode scalars are read in all, since each repeated key has the file read once more.
  static let composedMax = 384 << 10
  /// How many columns a table may have: SQLite's parameters and PostgreSQL's columns allow more.
  public static let columnsMax = 500
  /// How many faults are listed.
  public static let faultsMax = 100

  /// Says all that is wrong with a projection.
  ///
  /// - Parameters:
  ///   - yaml: the file's text.
  ///   - path: how messages name the file; it is not opened.
  public static func check(_ yaml: String, path: String) -> ProjectionCheck {
    guard yaml.utf8.count <= bytesMax else {
      return failed(path, "Expected at most \(bytesMax) bytes, but found \(yaml.utf8.count)")
    }
    var reader = ProjectionReader(path: path, text: yaml)
    let definition = reader.read()
    let faults = reader.sortedFaults
    return ProjectionCheck(definition: faults.isEmpty ? definition : nil, faults: faults)
  }

  /// Says all that is wrong with the bytes of a file.
  public static func check(_ bytes: [UInt8], path: String) -> ProjectionCheck {
    guard let yaml = String(validating: bytes, as: UTF8.self) else {
      let valid = String(decoding: bytes, as: UTF8.self).unicodeScalars.prefix { $0 != "\u{FFFD}" }
      let line = valid.count { $0 == "\n" } + 1
      let column = valid.reversed().prefix { $0 != "\n" }.count + 1
      return ProjectionCheck(
        definition: nil,
        faults: [
          ProjectionFault(
            path: path, line: line, column: column,
            message: "Expected UTF-8, but found other bytes. Save the file as UTF-8")
        ])
    }
    return check(yaml, path: path)
  }

  /// Opens a file and says all that is wrong with it.
  ///
  /// - Throws: a sentence about a file that cannot be read, or is no regular one.
  public static func check(path: String) throws(ProjectionFileUnreadable) -> ProjectionCheck {
    do throws(RegularFile.Fault) {
      return check(try RegularFile.read(path, atMost: bytesMax), path: path)
    } catch {
      throw ProjectionFileUnreadable(
        description: "Expected to read the projection \(path), but \(error). Name a YAML file")
    }
  }

  private static func failed(_ path: String, _ message: String) -> ProjectionCheck {
    ProjectionCheck(
      definition: nil, faults: [ProjectionFault(path: path, line: 1, column: 1, message: message)])
  }
}

/// A file that cannot be read as a whole.
public struct ProjectionFileUnreadable: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String
}
