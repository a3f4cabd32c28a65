using Httpmq.Api.RateLimits;

namespace Httpmq.Tests.Api.Hosting.Configuration;

/// <summary>The section rate_limits.</summary>
internal sealed class RateLimitConfigurationTests : ConfigurationTest
{
    [Test]
    public void Read_Nothing_LimitsNothing() => Assert.That(Settings("all").RateLimits, Is.Null);

    [Test]
    public void Read_File_HasAllRates()
    {
        var limits = ReadLimits("""
            rate_limits:
              per_principal: { permits_per_second: 500, burst: 1000 }
              principals: { loader: { permits_per_second: 2.5 } }
              per_address: { permits_per_second: 0.2 }
              failed_logins_per_address: { permits_per_second: 1, burst: 10 }
            """);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(limits.PerPrincipal, Is.EqualTo(new Rate(500, 1000)));
            Assert.That(limits.Principals["loader"], Is.EqualTo(new Rate(2.5, 3)));
            Assert.That(limits.PerAddress, Is.EqualTo(new Rate(0.2, 1)));
            Assert.That(limits.FailedLogins, Is.EqualTo(new Rate(1, 10)));
        }
    }

    [Test]
    public void Read_OneOfThem_LimitsNothingElse()
    {
        var limits = ReadLimits("rate_limits: {per_address: {permits_per_second: 1}}");

        Assert.That((limits.PerPrincipal, limits.Principals.Count, limits.FailedLogins), Is.EqualTo(((Rate?)null, 0, (Rate?)null)));
    }

    [TestCase("rate_limits: {per_user: {permits_per_second: 1}}", "rate_limits.per_user: unknown key of rate_limits")]
    [TestCase("rate_limits: {per_address: {burst: 1}}", "rate_limits.per_address.permits_per_second: is missing, in FILE line 1")]
    [TestCase("rate_limits: {per_address: {permits_per_second: 0}}",
        "rate_limits.per_address.permits_per_second: '0' is not a number (0.001 to 1000000), in FILE line 1")]
    [TestCase("rate_limits: {per_address: {permits_per_second: -1}}",
        "rate_limits.per_address.permits_per_second: '-1' is not a number (0.001 to 1000000), in FILE line 1")]
    [TestCase("rate_limits: {per_address: {permits_per_second: 1e3}}",
        "rate_limits.per_address.permits_per_second: '1e3' is not a number (0.001 to 1000000), in FILE line 1")]
    [TestCase("rate_limits: {principals: {loader: {permits_per_second: NaN}}}",
        "rate_limits.principals.loader.permits_per_second: 'NaN' is not a number (0.001 to 1000000), in FILE line 1")]
    [TestCase("rate_limits: {per_principal: {permits_per_second: 1, burst: 0}}",
        "rate_limits.per_principal.burst: '0' is not a whole number (1 to 2147483647), in FILE line 1")]
    [TestCase("rate_limits: on", "rate_limits: a text stands where the keys of this section belong, in FILE line 1")]
    [TestCase("dataplane: {api_server: {server_config: {trusted_proxies: [10.0.0.0/33]}}}",
        "dataplane.api_server.server_config.trusted_proxies: '10.0.0.0/33' is not a list of IP addresses or networks like 10.0.0.0/8 or "
        + "2001:db8::/32, in FILE line 1")]
    public void Read_Wrong_IsNamedAndRefused(string yaml, string expected)
    {
        var file = Write("config.yaml", yaml);

        Assert.That(
            Refuse("all", "-c", file).Select(line => line.Replace(file, "FILE", StringComparison.Ordinal)),
            Has.One.StartsWith($"httpmq: {expected}"));
    }

    [Test]
    public void Read_Proxies_AreAddressesAndNetworks()
    {
        Environment["Httpmq__Dataplane__ApiServer__ServerConfig__TrustedProxies"] = "10.0.0.0/8, 192.0.2.7, 2001:db8::/32, ::1";

        Assert.That(
            Settings("all").Dataplane.TrustedProxies.Select(static network => $"{network}"),
            Is.EqualTo(new[] { "10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "::1/128" }));
    }

    private RateLimitSettings ReadLimits(string yaml) => Settings("all", "-c", Write("config.yaml", yaml)).RateLimits!;
}
