using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.RateLimits;

/// <summary>
/// How much each principal and address may ask for, in all of this process: both APIs have the same one. Where nothing is configured it
/// costs a look at a field (docs/adr/0023-rate-limits-by-record.md).
/// </summary>
internal sealed class RateLimiter
{
    private readonly TimeProvider _time;
    private volatile Tables? _tables;

    public RateLimiter(RateLimitSettings? settings, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        Replace(settings);
    }

    /// <summary>The limits as they are now; null: none.</summary>
    public Tables? Current => _tables;

    /// <summary>Other limits from now on. What is limited as before has the permits that it had.</summary>
    /// <returns>Whether they are others.</returns>
    public bool Replace(RateLimitSettings? settings)
    {
        var before = _tables;
        if (settings is null ? before is null : before is not null && before.IsOf(settings))
        {
            return false;
        }

        _tables = settings is null ? null : new Tables(settings, before, _time);
        return true;
    }

    /// <summary>The permits of whoever sent a request, for what they ask in it beyond the request itself.</summary>
    public Permits Of(HttpContext http) => _tables is null
        ? new Permits(this, AddressKey: 0, Principal: null, _time)
        : new Permits(this, KeyOf(http), PrincipalOf(CallerMiddleware.CallerOf(http)), _time);

    /// <summary>
    /// What an address counts as. Of IPv6 a network of 64 bits, because whoever has one has all of its addresses; of IPv4 the address.
    /// </summary>
    public static ulong KeyOf(HttpContext http)
    {
        if (http.Connection.RemoteIpAddress is not { } address)
        {
            return 0;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily is AddressFamily.InterNetwork ? OfIPv4(bytes)
            : address.IsIPv4MappedToIPv6 ? OfIPv4(bytes[12..])
            : BinaryPrimitives.ReadUInt64BigEndian(bytes);

        // Among the networks 0000::/8, in which nobody is.
        static ulong OfIPv4(ReadOnlySpan<byte> bytes) => 0x0000_FFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    /// <summary>Whom a principal's limits are about; null: nobody has shown who they are.</summary>
    public static string? PrincipalOf(Caller caller) =>
        caller.IsIdentified && !ReferenceEquals(caller, Caller.Anonymous) ? caller.Name : null;

    /// <summary>The limits of one state of the configuration.</summary>
    internal sealed class Tables
    {
        private readonly RateLimitSettings _settings;
        private readonly RateTable<string>? _principals;
        private readonly RateTable<ulong>? _addresses;
        private readonly RateTable<ulong>? _failedLogins;

        public Tables(RateLimitSettings settings, Tables? before, TimeProvider time)
        {
            _settings = settings;
            _addresses = settings.PerAddress is not { } address ? null
                : address == before?._settings.PerAddress ? before._addresses
                : new RateTable<ulong>(_ => address, TimeToFill(address), time);
            _failedLogins = settings.FailedLogins is not { } failed ? null
                : failed == before?._settings.FailedLogins ? before._failedLogins
                : new RateTable<ulong>(_ => failed, TimeToFill(failed), time);
            Rate[] rates = settings.PerPrincipal is { } common ? [common, .. settings.Principals.Values] : [.. settings.Principals.Values];
            _principals = rates.Length == 0 ? null
                : before is not null && HasSamePrincipals(before._settings) ? before._principals
                : new RateTable<string>(
                    name => settings.Principals.GetValueOrDefault(name, settings.PerPrincipal!), rates.Max(TimeToFill), time);
        }

        /// <summary>Whether wrong keys and tokens are counted.</summary>
        public bool CountsFailedLogins => _failedLogins is not null;

        /// <summary>Takes a request's permit of its address, before anybody looks who sends it.</summary>
        public Error? TakeOfAddress(ulong address) => _addresses?.TryTake(address, 1) is { } wait ? PerAddress(wait) : null;

        /// <summary>Whether the address has shown too many wrong keys or tokens.</summary>
        public Error? FindFailedLogins(ulong address) => _failedLogins?.FindWait(address) is { } wait ? FailedLogins(wait) : null;

        /// <summary>Counts a wrong key or token.</summary>
        public void CountFailedLogin(ulong address) => _failedLogins?.TakeSome(address, 1, out _);

        /// <summary>Takes a request's permit of its principal.</summary>
        public Error? TakeOfPrincipal(string? principal) =>
            principal is not null && _principals?.TryTake(principal, 1) is { } wait ? PerPrincipal(principal, wait) : null;

        /// <summary>
        /// Takes permits of both, all or none; no more than each may ever have. The address is asked first: what was taken of the principal
        /// cannot be given back.
        /// </summary>
        public Error? TakeAll(ulong address, string? principal, int count) =>
            principal is not null && _addresses?.FindWait(address, count) is { } missing ? PerAddress(missing)
            : principal is not null && _principals?.TryTake(principal, count) is { } first ? PerPrincipal(principal, first)
            : _addresses?.TryTake(address, count) is { } second ? PerAddress(second)
            : null;

        /// <summary>Takes as many permits of both as both have.</summary>
        /// <param name="address">The address.</param>
        /// <param name="principal">The principal; null: nobody's.</param>
        /// <param name="count">How many are wanted.</param>
        /// <param name="wait">How long until there may be another.</param>
        /// <param name="refusal">Why there are no more; null: there were enough.</param>
        public int TakeSome(ulong address, string? principal, int count, out TimeSpan wait, out Error? refusal)
        {
            (wait, refusal) = (TimeSpan.Zero, null);
            var taken = count;
            if (principal is not null && _principals is not null)
            {
                // No more than the address has, too.
                if (_addresses?.CountOf(address) is { } there && there < count)
                {
                    (taken, wait) = (there, _addresses.WaitFor(address));
                    refusal = PerAddress(wait);
                }

                taken = taken == 0 ? 0 : TakeOfPrincipal(principal, taken, ref wait, ref refusal);
            }

            if (_addresses is not null && taken > 0)
            {
                var both = _addresses.TakeSome(address, taken, out var longer);
                if (both < taken)
                {
                    (taken, wait, refusal) = (both, longer, PerAddress(longer));
                }
            }

            return taken;
        }

        private int TakeOfPrincipal(string principal, int count, ref TimeSpan wait, ref Error? refusal)
        {
            var taken = _principals!.TakeSome(principal, count, out var longer);
            if (taken < count)
            {
                (wait, refusal) = (longer, PerPrincipal(principal, longer));
            }

            return taken;
        }

        private static TimeSpan TimeToFill(Rate rate) => TimeSpan.FromSeconds(rate.Burst / rate.PerSecond);

        private Error PerPrincipal(string principal, TimeSpan wait) => HttpErrors.RateLimited(
            _settings.Principals.ContainsKey(principal) ? "rate_limits.principals" : "rate_limits.per_principal", SecondsOf(wait));

        private static Error PerAddress(TimeSpan wait) => HttpErrors.RateLimited("rate_limits.per_address", SecondsOf(wait));

        private static Error FailedLogins(TimeSpan wait) =>
            HttpErrors.RateLimited("rate_limits.failed_logins_per_address", SecondsOf(wait));

        private static long SecondsOf(TimeSpan wait) => Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));

        /// <summary>Whether they are these.</summary>
        public bool IsOf(RateLimitSettings other) =>
            _settings.PerAddress == other.PerAddress && _settings.FailedLogins == other.FailedLogins && HasSamePrincipals(other);

        private bool HasSamePrincipals(RateLimitSettings other) =>
            _settings.PerPrincipal == other.PerPrincipal
            && _settings.Principals.Count == other.Principals.Count
            && _settings.Principals.All(one => other.Principals.TryGetValue(one.Key, out var rate) && rate == one.Value);
    }
}

/// <summary>The permits of whoever sent a request, for the records, entries and messages that it brings. The request has its own.</summary>
/// <param name="Limiter">The limits.</param>
/// <param name="AddressKey">Where it came from.</param>
/// <param name="Principal">Who sent it; null: nobody who has shown who they are.</param>
/// <param name="Time">The clock.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Permits(RateLimiter Limiter, ulong AddressKey, string? Principal, TimeProvider Time)
{
    // A change of the configuration may shorten what is being waited for.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    /// <summary>Whether anything is limited.</summary>
    public bool AreLimited => Limiter.Current is not null;

    /// <summary>Takes as many as there are; the refusal of the others.</summary>
    public int TakeSome(int count, out Error? refusal)
    {
        refusal = null;
        return count > 0 && Limiter.Current is { } limits
            ? limits.TakeSome(AddressKey, Principal, count, out _, out refusal)
            : count;
    }

    /// <summary>Takes all or none; the refusal. More than a burst is never needed.</summary>
    public Error? TakeAll(int count) => count > 0 ? Limiter.Current?.TakeAll(AddressKey, Principal, count) : null;

    /// <summary>Takes all, and waits for those that are not there yet.</summary>
    public ValueTask TakeAsync(int count, CancellationToken cancellationToken) =>
        count > 0 && Limiter.Current is { } limits
        && limits.TakeSome(AddressKey, Principal, count, out var wait, out _) is var taken && taken < count
            ? WaitAsync(count - taken, wait, cancellationToken)
            : ValueTask.CompletedTask;

    private async ValueTask WaitAsync(int count, TimeSpan wait, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            await Task.Delay(wait < ShortestWait ? ShortestWait : wait > LongestWait ? LongestWait : wait, Time, cancellationToken);
            count -= Limiter.Current is { } limits ? limits.TakeSome(AddressKey, Principal, count, out wait, out _) : count;
        }
    }
}
