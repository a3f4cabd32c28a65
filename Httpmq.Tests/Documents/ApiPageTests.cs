using System.Text.RegularExpressions;
using Httpmq.Tests.OpenApi;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Documents;

/// <summary>docs/api.md and the README, held against the routes that there are.</summary>
internal sealed partial class ApiPageTests
{
    private const string Page = "docs/api.md";
    private const string Begin = "<!-- routes: made from the OpenAPI documents by `make snapshots` -->\n";
    private const string End = "<!-- end of routes -->";

    private static readonly (string Group, string Title)[] Apis =
        [("management", "Management, port 3000"), ("dataplane", "Dataplane, port 3001")];

    [Test]
    public void Tables_OfRoutes_AreThoseOfTheDocuments()
    {
        var page = Repository.Read(Page);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = page.IndexOf(End, StringComparison.Ordinal);
        var tables = Apis.Select(static api => $"\n### {api.Title}\n\n{RouteTable.Of(new OpenApiFile(api.Group))}");

        Snapshot.Check(Page, $"{page[..begin]}{string.Concat(tables)}{page[end..]}");
    }

    [Test]
    public void Overview_OfTheReadme_HasEachRouteOnce()
    {
        var rows = Row().Matches(Repository.Read("README.md")).Select(static row => row.Groups["route"].Value);
        var routes = Apis.SelectMany(static api => new OpenApiFile(api.Group).Operations).Select(static operation => $"{operation}");

        Assert.That(rows, Is.EquivalentTo(routes));
    }

    [GeneratedRegex(@"^\| `(?<route>[A-Z]+ /v1/[^`]*)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
