/// Finds the word that somebody probably meant, within a bound on its work.
final class Suggestion {
  /// How many cells of distance tables are filled before no more words are suggested: some 20 ms.
  private static let cellsMax = 4_000_000
  /// Only so many scalars of a word are looked at.
  private static let lengthMax = 64

  private var cells = 0

  /// ` Did you mean …?`, or nothing when no candidate is near.
  func text(for word: String, among candidates: some Sequence<String>) -> String {
    let letters = Self.letters(word)
    let limit = letters.count < 2 ? 0 : max(1, min(3, letters.count / 3))
    var best: (distance: Int, candidate: String)?
    for candidate in candidates where cells < Self.cellsMax {
      cells += 1
      // A letter has four bytes at most, so such words are too far from each other.
      guard candidate.utf8.count + limit >= letters.count, candidate.utf8.count <= 4 * (letters.count + limit)
      else { continue }
      let other = Self.letters(candidate)
      cells += other.count
      guard abs(other.count - letters.count) <= limit else { continue }
      cells += letters.count * other.count
      let distance = Self.distance(letters, other)
      if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best.map { ". Did you mean `\($0.candidate)`?" } ?? ""
  }

  /// ` Did you mean …?` for a word among a few.
  static func text(for word: String, among candidates: [String]) -> String {
    Suggestion().text(for: word, among: candidates)
  }

  private static func letters(_ word: String) -> [Unicode.Scalar] {
    let start = String(String.UnicodeScalarView(word.unicodeScalars.prefix(lengthMax)))
    return Array(start.lowercased().unicodeScalars)
  }

  /// How many scalars must be inserted, deleted, replaced or swapped with their neighbour (the restricted
  /// Damerau-Levenshtein distance).
  private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        var cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          cost = min(cost, beforeLast[j - 2] + 1)
        }
        row.append(cost)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
