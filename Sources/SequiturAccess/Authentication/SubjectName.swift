/// What a subject's name may be: it becomes a header of events, and a word of logs.
enum SubjectName {
  static let bytesMax = 256

  /// 1 to 256 bytes without controls (CloudEvents 1.0, 3.1: a string holds none).
  static func isGood(_ name: String) -> Bool {
    (1...bytesMax).contains(name.utf8.count)
      && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }
}
