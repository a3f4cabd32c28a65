using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Fuzz;

namespace Httpmq.Tests.Domain;

/// <summary>
/// The grammar of subjects against an independent formulation: split into tokens, and regular expressions on each. Covering and
/// overlapping against the sets of literal subjects that filters match.
/// </summary>
internal sealed partial class SubjectProperties
{
    private const int MaxBytes = 2048;

    private static readonly Gen<string> Texts =
        Gen.Frequency(
            (8, Gen.Elements("a", "b", "Z", "0", "-", "_", "$", "/")),
            (6, Gen.Constant(".")),
            (2, Gen.Elements("*", ">")),
            (2, Gen.Elements(".*", ".>", "*.", ">.")),
            (1, Gen.Elements(
                " ", "\t", "\0", "\u0085", "\u00A0", "\u2028", "\u3000", "\u200B", "é", "漢", "😀", "\u007F", "\uFFFD", "\uD800", "\uDC00")))
        .ArrayOf()
        .Resize(12)
        .Select(string.Concat);

    // Three tokens, of which filters use two: the third stands for every token that a filter does not name.
    private static readonly string[] Literals = [.. Sequences(["a", "b", "c"], 4)];
    private static readonly string[] Filters =
    [
        .. Sequences(["a", "b", "*"], 3),
        ">",
        .. Sequences(["a", "b", "*"], 2).Select(head => head + ".>"),
    ];

    [FuzzRun.Property(5000)]
    public Property SubjectFilter_AnyText_IsValidWhereItsTokensAre() =>
        Prop.ForAll(
            Shrunk.Text(Texts), text => SubjectFilter.TryParse(text, out var filter, out var reason) == IsValid(text, wildcards: true)
            && (reason is null ? string.Equals(filter.Value, text, StringComparison.Ordinal) : filter == default));

    [FuzzRun.Property(5000)]
    public Property Subject_AnyText_IsValidWhereItsTokensAreAndHaveNoWildcard() =>
        Prop.ForAll(Shrunk.Text(Texts), text => Subject.TryParse(text, out var subject, out var reason) == IsValid(text, wildcards: false)
            && (reason is null ? string.Equals(subject.Value, text, StringComparison.Ordinal) : subject == default));

    [FuzzRun.Property(2000)]
    public Property Subject_Valid_IsAValidFilterThatCoversAndOverlapsItself() =>
        Prop.ForAll(Shrunk.Text(Texts), text => !Subject.TryParse(text, out _, out _)
            || (SubjectFilter.TryParse(text, out var filter, out _) && filter.Covers(text) && filter.Overlaps(text)));

    [TestCase(1, true)]
    [TestCase(MaxBytes, true)]
    [TestCase(MaxBytes + 1, false)]
    public void Subject_Length_IsLimitedInBytes(int length, bool valid)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Subject.TryParse(new string('s', length), out _, out _), Is.EqualTo(valid));
            Assert.That(Subject.TryParse(new string('é', length), out _, out _), Is.EqualTo(length * 2 <= MaxBytes));
        }
    }

    [TestCase("$JS.API.INFO")]
    [TestCase("$SYS.REQ")]
    [TestCase("_INBOX.x")]
    public void Subject_OfTheBroker_IsReserved(string text)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Subject.TryParse(text, out _, out var reason), Is.False);
            Assert.That(reason, Does.Contain("reserved"));
            Assert.That(SubjectFilter.TryParse(text, out _, out _), Is.True);
        }
    }

    [TestCase("$JS")]
    [TestCase("$JSX.a")]
    [TestCase("x.$JS.API")]
    [TestCase("_INBOXES.a")]
    public void Subject_ThatOnlyLooksLikeTheBrokers_IsNotReserved(string text) =>
        Assert.That(Subject.TryParse(text, out _, out _), Is.True);

    [Test]
    public void Covers_EveryPairOfSmallFilters_IsInclusionOfTheirSubjects() => Compare(
        (wide, narrow) => Filter(wide).Covers(narrow),
        (wide, narrow) => narrow.IsSubsetOf(wide));

    [Test]
    public void Overlaps_EveryPairOfSmallFilters_IsASharedSubject() => Compare(
        (one, other) => Filter(one).Overlaps(other),
        (one, other) => one.Overlaps(other));

    private static void Compare(Func<string, string, bool> product, Func<HashSet<string>, HashSet<string>, bool> independent)
    {
        var matched = Filters.ToDictionary(filter => filter, Matched, StringComparer.Ordinal);
        var wrong = from one in Filters
                    from two in Filters
                    let expected = independent(matched[one], matched[two])
                    where product(one, two) != expected
                    select $"{one} and {two}: {expected} expected";
        Assert.That(wrong, Is.Empty);
    }

    private static HashSet<string> Matched(string filter)
    {
        var pattern = "^"
            + Regex.Escape(filter).Replace(@"\*", "[^.]+", StringComparison.Ordinal).Replace(">", ".+", StringComparison.Ordinal) + "$";
        return [.. Literals.Where(subject => Regex.IsMatch(subject, pattern, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)))];
    }

    private static SubjectFilter Filter(string text) =>
        SubjectFilter.TryParse(text, out var filter, out var reason) ? filter : throw new AssertionException($"{text} {reason}");

    private static IEnumerable<string> Sequences(string[] tokens, int longest)
    {
        IEnumerable<string> current = tokens;
        for (var length = 1; length <= longest; length++)
        {
            foreach (var sequence in current)
            {
                yield return sequence;
            }

            current = current.SelectMany(head => tokens.Select(token => $"{head}.{token}")).ToArray();
        }
    }

    private static bool IsValid(string text, bool wildcards)
    {
        var tokens = text.Split('.');
        return Encoding.UTF8.GetByteCount(text) <= MaxBytes && tokens.Select((token, index) => token switch
        {
            "*" => wildcards,
            ">" => wildcards && index == tokens.Length - 1,
            _ => Token().IsMatch(token),
        }).All(valid => valid);
    }

    [GeneratedRegex(@"\A([^\s\p{Cc}\p{Cs}\uFFFD*>]|[\uD800-\uDBFF][\uDC00-\uDFFF])+\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Token();
}
