using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Application.Streams;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Connection;

namespace Httpmq.Tests.Contract;

/// <summary>The types of errors: each there once, and each with its row in docs/errors.md.</summary>
internal sealed partial class ErrorTypeTests
{
    private static readonly Assembly[] Projects =
        [typeof(Error).Assembly, typeof(IStreamStore).Assembly, typeof(NatsOptions).Assembly, typeof(ErrorResponses).Assembly];

    internal static readonly ErrorType[] Catalogue = [.. Projects
        .SelectMany(static project => project.GetTypes())
        .SelectMany(static type =>
            type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(static field => field.FieldType == typeof(ErrorType))
        .Select(static field => (ErrorType)field.GetValue(null)!)];

    [Test]
    public void Catalogue_EachSlug_IsInKebabCaseAndThereOnce()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Catalogue.Select(static type => type.Slug), Is.Unique);
            Assert.That(Catalogue.Select(static type => type.Slug), Has.All.Matches("^[a-z0-9]+(-[a-z0-9]+)*$"));
        }
    }

    [Test]
    public void Documentation_OfErrors_HasOneRowOfEachType()
    {
        var rows = Rows().Select(static row => $"{row.Slug} {row.Kind} {row.Status}");
        var expected = Catalogue.Select(static type => $"{type.Slug} {type.Kind} {StatusOf(type)}");

        Assert.That(rows, Is.EquivalentTo(expected));
    }

    [Test]
    public void Documentation_OfErrors_SaysOfEachWhatItMeansAndWhatToDo() =>
        Assert.That(Rows().Select(static row => (row.Meaning.Length > 10, row.Advice.Length > 10)), Has.All.EqualTo((true, true)));

    [TestCase(ErrorKind.Unauthenticated, 401)]
    [TestCase(ErrorKind.PreconditionFailed, 412)]
    [TestCase(ErrorKind.Unprocessable, 422)]
    [TestCase(ErrorKind.TooMany, 429)]
    [TestCase(ErrorKind.NotSupported, 501)]
    public void StatusOf_Kind_IsThatOfTheTable(ErrorKind kind, int status) =>
        Assert.That(ErrorResponses.StatusOf(kind), Is.EqualTo(status));

    [Test]
    public void StatusOf_EachKindButInternal_HasAStatusOfItsOwn()
    {
        var statuses = Enum.GetValues<ErrorKind>().Select(ErrorResponses.StatusOf).ToArray();

        Assert.That(statuses, Is.Unique);
    }

    /// <summary>That of its kind, but where the server has a status of its own for what it refuses.</summary>
    private static int StatusOf(ErrorType type)
    {
        int[] own = [411, 414, 431, 505];
        var ofServer = own.FirstOrDefault(status => HttpErrorTypes.OfRejection(status) == type);
        return ofServer > 0 ? ofServer : ErrorResponses.StatusOf(type.Kind);
    }

    private static IEnumerable<(string Slug, string Kind, int Status, string Meaning, string Advice)> Rows() =>
        from line in Repository.Read("docs/errors.md").Split('\n')
        let match = Row().Match(line)
        where match.Success
        let cells = match.Groups
        let status = int.Parse(cells["status"].Value, CultureInfo.InvariantCulture)
        select (cells["slug"].Value, cells["kind"].Value, status, cells["meaning"].Value, cells["advice"].Value);

    [GeneratedRegex(@"^\| `(?<slug>[^`]+)` \| (?<kind>\w+) \| (?<status>\d+) \| (?<meaning>.+) \| (?<advice>.+) \|$",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
