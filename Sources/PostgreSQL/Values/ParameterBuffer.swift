import CPostgreSQL

/// A statement's parameters as libpq takes them, in one block of memory.
struct ParameterBuffer {
  private enum Form {
    static let text: Int32 = 0
    static let binary: Int32 = 1
  }

  /// Types that are declared because their values are sent in binary form (pg_type.dat).
  private enum TypeID {
    static let unspecified: Oid = 0
    static let bytea: Oid = 17
  }

  private var bytes: [UInt8] = []
  /// Where each value starts, nil for NULL.
  private var starts: [Int?] = []
  private var lengths: [Int32] = []
  private var forms: [Int32] = []
  private var types: [Oid] = []

  /// - Throws: `nulInText`, and `invalidArgument` for more, or larger ones, than the protocol takes.
  init(_ parameters: [PostgreSQLParameter], _ operation: String) throws(PostgreSQLError) {
    guard parameters.count <= PostgreSQLLimits.parametersMax else {
      throw Self.refused(
        operation,
        "it has \(parameters.count) parameters, and \(PostgreSQLLimits.parametersMax) are the limit")
    }
    for (index, parameter) in parameters.enumerated() {
      let start = bytes.count
      try append(parameter, number: index + 1, operation)
      guard bytes.count - start <= PostgreSQLLimits.parameterBytesMax else {
        throw Self.refused(
          operation, "parameter $\(index + 1) is larger than \(PostgreSQLLimits.parameterBytesMax) bytes")
      }
    }
  }

  private static func refused(_ operation: String, _ message: String) -> PostgreSQLError {
    PostgreSQLError(kind: .invalidArgument, operation: operation, message: message)
  }

  private mutating func append(
    _ parameter: PostgreSQLParameter, number: Int, _ operation: String
  ) throws(PostgreSQLError) {
    let start = bytes.count
    var type = TypeID.unspecified
    switch parameter {
    case .null:
      add(start: nil, length: 0, form: Form.text, type: type)
      return
    case .text(let text):
      bytes.append(contentsOf: text.utf8)
      try checkNUL(from: start, number: number, operation)
    case .textArray(let texts):
      ArrayText.append(texts, to: &bytes)
      try checkNUL(from: start, number: number, operation)
    case .integerArray(let values):
      ArrayText.append(values, to: &bytes)
    case .bytes(let value):
      bytes.append(contentsOf: value)
      type = TypeID.bytea
    case .bytesArray(let values):
      var array = PostgreSQLArray(of: .bytes)
      for value in values {
        if let value { value.withUnsafeBytes { array.append($0) } } else { array.appendNull() }
      }
      array.write(to: &bytes)
      type = array.element.array
    case .array(let array):
      if array.hasNUL { throw Self.nul(in: number, operation) }
      array.write(to: &bytes)
      type = array.element.array
    }
    let length = Int32(clamping: bytes.count - start)
    let form = type == TypeID.unspecified ? Form.text : Form.binary
    // libpq reads values in text form up to a NUL.
    bytes.append(0)
    add(start: start, length: length, form: form, type: type)
  }

  private mutating func add(start: Int?, length: Int32, form: Int32, type: Oid) {
    starts.append(start)
    lengths.append(length)
    forms.append(form)
    types.append(type)
  }

  private func checkNUL(from start: Int, number: Int, _ operation: String) throws(PostgreSQLError) {
    if bytes[start...].contains(0) { throw Self.nul(in: number, operation) }
  }

  private static func nul(in number: Int, _ operation: String) -> PostgreSQLError {
    PostgreSQLError(
      kind: .nulInText, operation: operation,
      message: "the text of parameter $\(number) holds the character NUL, which PostgreSQL cannot store")
  }

  /// What the C functions take, for the length of `body`.
  struct Arguments {
    let count: Int32
    let types: UnsafePointer<Oid>?
    let values: UnsafePointer<UnsafePointer<CChar>?>?
    let lengths: UnsafePointer<Int32>?
    let forms: UnsafePointer<Int32>?
  }

  func withArguments<Result>(_ body: (Arguments) -> Result) -> Result {
    bytes.withUnsafeBytes { block in
      let values = starts.map { start in
        start.map { block.baseAddress!.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
      }
      return values.withUnsafeBufferPointer { values in
        types.withUnsafeBufferPointer { types in
          lengths.withUnsafeBufferPointer { lengths in
            forms.withUnsafeBufferPointer { forms in
              body(
                Arguments(
                  count: Int32(starts.count), types: types.baseAddress, values: values.baseAddress,
                  lengths: lengths.baseAddress, forms: forms.baseAddress))
            }
          }
        }
      }
    }
  }
}
