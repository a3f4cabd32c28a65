using BenchmarkDotNet.Attributes;
using Httpmq.Api.Access;
using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;
using Microsoft.AspNetCore.Http;

namespace Httpmq.MicroBench;

/// <summary>Once per request where keys are configured: who sends it. Once per message: whether they may publish it.</summary>
public class AccessBenchmarks
{
    private readonly ConfiguredCallers _callers;
    private readonly DefaultHttpContext _request = new();
    private readonly PermissionSet _permissions;
    private readonly Subject _subject;

    public AccessBenchmarks()
    {
        var rules = Enumerable.Range(0, 10)
            .Select(static number => new AccessRule(Right.Publish, Allows: true, $"area{number}.orders.>", ""))
            .Append(new AccessRule(Right.Publish, Allows: false, "*.orders.audit.>", ""))
            .ToArray();
        _callers = new ConfiguredCallers(new AccessSettings
        {
            Anonymous = [],
            ApiKeys = [new ApiKeySettings("shop", [KeyHash.Of("hmq_0123456789012345678901234567890123456789012")], ["writer"])],
            Roles = new Dictionary<string, IReadOnlyList<AccessRule>>(StringComparer.Ordinal) { ["writer"] = rules },
            OpenDocuments = true,
        });
        _request.Request.Headers.Authorization = "Bearer hmq_0123456789012345678901234567890123456789012";
        _request.Request.QueryString = new QueryString("?encoding=raw");
        _permissions = new PermissionSet("shop", rules);
        _ = Subject.TryParse("area9.orders.new.1", out _subject, out _);
    }

    [Benchmark]
    public bool KnownKey()
    {
        var finding = _callers.IdentifyAsync(_request);
        if (finding.IsCompletedSuccessfully)
        {
            return finding.Result.Caller is not null;
        }

        return false;
    }

    [Benchmark]
    public bool Permit() => _permissions.Publish(_subject);
}
