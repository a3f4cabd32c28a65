using System.Net;
using BenchmarkDotNet.Attributes;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Domain.Access;
using Microsoft.AspNetCore.Http;

namespace Httpmq.MicroBench;

/// <summary>Once per request, and once per record of a batch: whether there is a permit.</summary>
public class RateLimitBenchmarks
{
    private readonly DefaultHttpContext _request = new();
    private readonly LimitedCallers _off;
    private readonly LimitedCallers _on;
    private readonly Permits _permits;

    public RateLimitBenchmarks()
    {
        var rate = new Rate(1_000_000, int.MaxValue);
        var limits = new RateLimiter(new RateLimitSettings { PerPrincipal = rate, PerAddress = rate, FailedLogins = rate });
        var callers = new Known(new Caller("shop", Permissions.All));
        _request.Connection.RemoteIpAddress = IPAddress.Parse("2001:db8::1");
        _request.Request.Headers.Authorization = "Bearer key";
        _off = new LimitedCallers(callers, new RateLimiter(settings: null));
        _on = new LimitedCallers(callers, limits);
        _permits = new Permits(limits, AddressKey: 1, Principal: "shop", TimeProvider.System);
    }

    [Benchmark]
    public bool RequestUnlimited() => Find(_off);

    [Benchmark]
    public bool RequestLimited() => Find(_on);

    [Benchmark]
    public int RecordLimited() => _permits.TakeSome(1, out _);

    private bool Find(LimitedCallers callers)
    {
        var finding = callers.FindAsync(_request);
        if (finding.IsCompletedSuccessfully)
        {
            return finding.Result.Caller is not null;
        }

        return false;
    }

    private sealed class Known(Caller caller) : ICallerSource
    {
        public ValueTask<Identification> FindAsync(HttpContext context) => new(new Identification(caller));
    }
}
