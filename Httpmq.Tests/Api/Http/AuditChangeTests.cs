using System.Net;
using Httpmq.Api.Http;
using Httpmq.Domain.Access;
using Httpmq.Tests.Api.Hosting.Transport;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Api.Http;

/// <summary>Which changes are written one by one.</summary>
internal sealed class AuditChangeTests
{
    private const int Sent = 40;

    private static readonly Caller Shop = new("shop", new PermissionSet("shop", [new AccessRule(Right.Admin, true, "orders", "test")]));

    /// <summary>A client that leaves again and again must not fill the disk: where it may change nothing, nothing has changed.</summary>
    [TestCase("orders", StatusCodes.Status200OK, true, Sent)]
    [TestCase("orders", StatusCodes.Status503ServiceUnavailable, false, Sent)]
    [TestCase("other", StatusCodes.Status200OK, true, RefusalLimit.OfOne)]
    [TestCase("other", StatusCodes.Status503ServiceUnavailable, false, RefusalLimit.OfOne)]
    [TestCase(null, StatusCodes.Status200OK, true, RefusalLimit.OfOne)]
    public void Changed_OutcomeIsNotKnown_IsWrittenEachTimeByWhoMayChangeTheStream(string? stream, int status, bool left, int written)
    {
        using var log = new RecordingLogs();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(log));
        using var audit = new AuditLog(loggers, new FakeTimeProvider());
        for (var sent = 0; sent < Sent; sent++)
        {
            var context = new DefaultHttpContext { RequestAborted = new CancellationToken(left) };
            context.Response.StatusCode = status;
            context.Request.RouteValues["stream"] = stream;
            context.Features.Set(Shop);
            audit.Changed(context, error: null);
        }

        Assert.That(log.Messages.Count(static line => line.Contains("change action=", StringComparison.Ordinal)), Is.EqualTo(written));
    }

    /// <summary>Whoever has no key must not hide what somebody tries who has one.</summary>
    [Test]
    public void Changed_ManyStrangers_LeaveRoomForPrincipals()
    {
        using var log = new RecordingLogs();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(log));
        using var audit = new AuditLog(loggers, new FakeTimeProvider());
        for (var stranger = 0; stranger < 2 * RefusalLimit.OfAll; stranger++)
        {
            var context = new DefaultHttpContext();
            context.Connection.RemoteIpAddress = new IPAddress([10, 0, 0, (byte)stranger]);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            audit.Changed(context, error: null);
        }

        var own = new DefaultHttpContext();
        own.Response.StatusCode = StatusCodes.Status404NotFound;
        own.Features.Set(Shop);
        audit.Changed(own, error: null);

        Assert.That(log.Messages, Has.Some.Contains("principal=shop"));
    }
}
