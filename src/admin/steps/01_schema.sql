-- title: schema
-- makes: loopit

-- (Not IF NOT EXISTS, which asks for the privilege to create one all the same.)
CREATE SCHEMA loopit;
COMMENT ON SCHEMA loopit IS
	'Leads of Dealer Studio websites: tables of the business, made by loopit_setup() of extension loopit_leads.';
