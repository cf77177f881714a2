import JSONFields
import ReadableText

/// Something wrong in a projection's file, and where.
public struct ProjectionFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file, as it was named to the reader.
  public let path: String
  /// From 1.
  public let line: Int
  /// From 1, counted in Unicode scalars.
  public let column: Int
  /// What was expected, what was found, and the cure where there is one.
  public let message: String

  /// One line, like `orders.yaml:12:9: Expected ….`
  public var description: String {
    let end = message.hasSuffix("?") ? "" : "."
    return ShownText.line("\(path):\(line):\(column): \(message)\(end)", atMost: nil)
  }
}

/// What ``ProjectionFile/check(_:path:)-(String,_)`` found.
public struct ProjectionCheck: Sendable, Hashable, CustomStringConvertible {
  /// The projection; nil when there is a fault.
  public let definition: ProjectionDefinition?
  /// In the order of the file.
  public let faults: [ProjectionFault]

  /// One line for each fault; empty when there is none.
  public var description: String { faults.map(\.description).joined(separator: "\n") }

  /// A JSON object on one line, like
  /// `{"valid":false,"faults":[{"path":"a.yaml","line":1,"column":2,"message":"…"}]}`.
  public var json: String { json(databaseFaults: nil) }

  /// The same with what a database lacks behind it, as `"databaseFaults":["…"]`: with some, nothing is valid. Nil where no
  /// database was asked.
  public func json(databaseFaults: [String]?) -> String {
    let faults = faults.map { fault in
      "{\"path\":\(JSONText.quoted(fault.path)),\"line\":\(fault.line),\"column\":\(fault.column),"
        + "\"message\":\(JSONText.quoted(fault.message))}"
    }
    let isValid = definition != nil && databaseFaults?.isEmpty != false
    let asked = databaseFaults.map { faults in
      ",\"databaseFaults\":[\(faults.map { JSONText.quoted($0) }.joined(separator: ","))]"
    }
    return "{\"valid\":\(isValid),\"faults\":[\(faults.joined(separator: ","))]\(asked ?? "")}"
  }
}
