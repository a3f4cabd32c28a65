using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Domain.Access;
using Microsoft.AspNetCore.Http;

namespace Httpmq.Tests.Api.RateLimits;

/// <summary>What is taken of a principal and of an address together. No permit comes while a test runs.</summary>
internal sealed class PermitsTests
{
    private static readonly RateLimiter Limiter = new(settings: null);

    [SetUp]
    public void Limit() => Limiter.Replace(new RateLimitSettings
    {
        PerPrincipal = new Rate(0.001, 7),
        PerAddress = new Rate(0.001, 5),
    });

    [TearDown]
    public void Lift() => Limiter.Replace(null);

    [Test]
    public void TakeAll_AddressHasTooFew_TakesNoneOfThePrincipal()
    {
        Assert.That(Of(1).TakeAll(3), Is.Null);
        Assert.That(Of(1).TakeAll(3)?["key"], Is.EqualTo("rate_limits.per_address"));

        Assert.That(Of(2).TakeSome(9, out _), Is.EqualTo(4));
    }

    [Test]
    public void TakeAll_PrincipalHasTooFew_TakesNoneOfTheAddress()
    {
        Assert.That(Of(1).TakeSome(5, out _), Is.EqualTo(5));
        Assert.That(Of(2).TakeAll(3)?["key"], Is.EqualTo("rate_limits.per_principal"));

        Assert.That(Of(2, "another").TakeSome(9, out _), Is.EqualTo(5));
    }

    [Test]
    public void TakeSome_AddressHasFewer_TakesNoMoreOfThePrincipal()
    {
        Assert.That(Of(1).TakeSome(9, out var refusal), Is.EqualTo(5));
        Assert.That(refusal?["key"], Is.EqualTo("rate_limits.per_address"));

        Assert.That(Of(2).TakeSome(9, out refusal), Is.EqualTo(2));
        Assert.That(refusal?["key"], Is.EqualTo("rate_limits.per_principal"));
        Assert.That(Of(2, "another").TakeSome(9, out _), Is.EqualTo(3));
    }

    /// <summary>Who waits for the address would else take a permit of the principal with each look.</summary>
    [Test]
    public void TakeAsync_AddressHasNone_TakesNoneOfThePrincipal()
    {
        Assert.That(Of(1).TakeSome(5, out _), Is.EqualTo(5));
        using var waiting = new CancellationTokenSource();
        var taking = Of(1).TakeAsync(2, waiting.Token).AsTask();

        Assert.That(Of(2).TakeSome(9, out _), Is.EqualTo(2));
        waiting.Cancel();
        Assert.That(async () => await taking, Throws.InstanceOf<OperationCanceledException>());
    }

    /// <summary>A certificate cannot be guessed: one that has expired must not stop those who show keys at the same address.</summary>
    [TestCase(null, true)]
    [TestCase("hmq_wrong", false)]
    public async Task FindAsync_RefusedCertificateOrKey_OnlyTheKeyCountsAsAFailedLogin(string? key, bool taken)
    {
        Limiter.Replace(new RateLimitSettings { FailedLogins = new Rate(0.001, 1) });
        var callers = new LimitedCallers(new Refusing(), Limiter);
        for (var sent = 0; sent < 3; sent++)
        {
            await callers.FindAsync(Request(key));
        }

        Assert.That((await callers.FindAsync(Request("hmq_good"))).Refusal!.Type == AccessErrorTypes.Unauthenticated, Is.EqualTo(taken));

        static DefaultHttpContext Request(string? key)
        {
            var context = new DefaultHttpContext();
            context.Connection.RemoteIpAddress = System.Net.IPAddress.Loopback;
            if (key is not null)
            {
                context.Request.Headers["X-API-Key"] = key;
            }

            return context;
        }
    }

    private sealed class Refusing : ICallerSource
    {
        public ValueTask<Identification> FindAsync(HttpContext context) =>
            new(new Identification(Caller: null, AccessErrors.Unknown("it is not known")));
    }

    private static Permits Of(ulong address, string principal = "shop") => new(Limiter, address, principal, TimeProvider.System);
}
