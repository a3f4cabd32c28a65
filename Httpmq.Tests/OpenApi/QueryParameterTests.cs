using System.Text.RegularExpressions;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.OpenApi;

/// <summary>What a document names as a query parameter, its route knows.</summary>
[Category(ServerUnderTest.Category)]
internal sealed partial class QueryParameterTests
{
    public static IEnumerable<TestCaseData> Parameters() =>
        from @group in new[] { "management", "dataplane" }
        from operation in new OpenApiFile(@group).Operations
        from parameter in operation.Parameters
        where (string?)parameter["in"] is "query"
        select new TestCaseData(@group, operation.Method, operation.Path, (string)parameter["name"]!);

    [TestCaseSource(nameof(Parameters))]
    public async Task Parameter_OfTheDocument_IsNoneThatStrictRefuses(string group, string method, string path, string parameter)
    {
        using var client = SharedServers.Gateway.Client();
        var target = InBraces().Replace(path, "absent");

        var known = await AskAsync(client, group, method, $"{target}?{parameter}=true&strict=true");
        var unknown = await AskAsync(client, group, method, $"{target}?{parameter}=true&strict=true&nonsense=1");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(known, Does.Not.Contain("unknown-name"));
            Assert.That(unknown, Does.Contain("nonsense").And.Not.Contain($"'{parameter}'"));
        }
    }

    [Test]
    public void Parameters_OfTheDocuments_AreThoseOfEveryRoute() =>
        Assert.That(
            Parameters().Select(static parameter => (string)parameter.Arguments[3]!), Does.Contain("subject_name").And.Contain("metadata"));

    private static async Task<string> AskAsync(GatewayClient client, string group, string method, string target)
    {
        var answer = group is "management"
            ? await client.ManageAsync(new HttpMethod(method), target)
            : await client.DataAsync(new HttpMethod(method), target);
        return answer.Body.ToJsonString();
    }

    [GeneratedRegex(@"\{\w+\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex InBraces();
}
