/// Finds the word that somebody probably meant.
package enum Spelling {
  /// `. Did you mean …?`, or nothing when no candidate is near: the end of a sentence.
  package static func suggestion(for word: String, among candidates: [String]) -> String {
    let limit = word.count < 3 ? 1 : max(2, min(3, word.count / 3))
    let near = candidates.map { (distance(word.lowercased(), $0.lowercased()), $0) }.filter { $0.0 <= limit }
    return near.min { $0.0 < $1.0 }.map { ". Did you mean \($0.1)?" } ?? ""
  }

  /// How many characters must be inserted, deleted or replaced (Levenshtein).
  static func distance(_ first: String, _ second: String) -> Int {
    let a = Array(first.prefix(64))
    let b = Array(second.prefix(64))
    var row = Array(0...b.count)
    for (i, character) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let cost = min(row[j + 1] + 1, row[j] + 1, diagonal + (character == b[j] ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = cost
      }
    }
    return row[b.count]
  }
}
